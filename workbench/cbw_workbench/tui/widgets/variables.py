"""The variables of the stopped script: those that changed first, then its own; the environment's are folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from cbw_core.trace.model import Variable
from cbw_workbench.tui.look import entitle
from cbw_workbench.tui.standing import matches, one_line, ordered, value_of
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.rows import RowsView

ENVIRONMENT = "(environment)"  # no name that a variable can have


def line_of(variable: Variable, *, is_open: bool = False, can_open: bool = False) -> Content:
    style = "bold $text-warning" if variable.changed else "$foreground 62%" if variable.exported else "bold"
    mark = ("* ", "bold $text-warning") if variable.changed else ("  ", "")
    fold = ("▾" if is_open else "▸", "$primary") if can_open else ("", "")
    value = value_of(variable)
    if can_open and isinstance(variable.value, tuple):
        value = f"({len(variable.value)})" if is_open else value
    return Content.assemble(mark, fold, (variable.name, style), ("=", "$foreground 40%"), "" if is_open else value)


class VariablesView(RowsView):
    """Enter (or a click) opens an array, a long value or the environment, and closes it again."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.filter = ""
        self._open: set[str] = set()
        self._names: list[str] = []

    def picture(self, state: WorkbenchState) -> object:
        return state.looked.variables if state.at is not None else ()

    def on_resize(self) -> None:
        self.draw_rows()

    def search(self, text: str) -> int:
        """Show only what holds a text, in name or value ("": all); how many there are."""
        self.filter = text
        self.at = 0
        self.draw_rows()
        return len(set(self._names))

    def rows(self, state: WorkbenchState) -> Sequence[Content]:
        shown = self.picture(state)
        variables = ordered(shown) if isinstance(shown, tuple) else ()
        entitle(self, subtitle=f"/{self.filter}" if self.filter else "")
        found: list[Content] = []
        self._names = []
        if self.filter:
            own, others = [v for v in variables if matches(v, self.filter)], []
        else:
            own = [v for v in variables if v.changed or not v.exported]
            others = [v for v in variables if v.exported and not v.changed]
        for variable in own:
            self._add(found, variable)
        if others:
            is_open = ENVIRONMENT in self._open
            found.append(
                Content.styled(f"  {'▾' if is_open else '▸'}{len(others)} of the environment", "$foreground 62%")
            )
            self._names.append(ENVIRONMENT)
            for variable in others if is_open else ():
                self._add(found, variable)
        return found

    def _add(self, found: list[Content], variable: Variable) -> None:
        width = max(10, self.scrollable_content_region.width)
        is_array = isinstance(variable.value, tuple)
        can_open = is_array or len(variable.name) + len(value_of(variable)) + 3 > width
        is_open = can_open and variable.name in self._open
        rows = [line_of(variable, is_open=is_open, can_open=can_open)]
        if is_open:
            rows += _inside(variable, width - 4)
        found += rows
        self._names += [variable.name] * len(rows)

    def chosen(self, row: int) -> None:
        name = self._names[row]
        self._open ^= {name}
        self.draw_rows()
        self.go(self._names.index(name) if name in self._names else 0)

    @property
    def name_at(self) -> str:
        """The variable at the cursor; "" where there is none."""
        name = self._names[self.at] if self.at < len(self._names) else ""
        return "" if name == ENVIRONMENT else name


def _inside(variable: Variable, width: int) -> Iterator[Content]:
    """The elements of an array, a row each; a long text in as many rows as it takes."""
    if isinstance(variable.value, tuple):
        for key, text in variable.value:
            yield Content.assemble("    ", (f"[{key}]", "$text-primary"), ("=", "$foreground 40%"), one_line(text))
        return
    for line in (variable.value or "").split("\n"):
        for at in range(0, max(1, len(line)), width):
            yield Content(f"    {one_line(line[at : at + width])}")
