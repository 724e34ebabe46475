"""The files that the script made or changed since the stop before."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from cbw_core.trace.model import FileMade
from cbw_workbench.tui.look import entitle, shorten
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.rows import RowsView


class MadeView(RowsView):
    """`+` made, `~` changed, with the line that did it."""

    def on_resize(self) -> None:
        self.draw_rows()

    def picture(self, state: WorkbenchState) -> object:
        return state.looked.made if state.at is not None else None

    def rows(self, state: WorkbenchState) -> Sequence[Content]:
        made = state.looked.made if state.at is not None else None
        self.set_class(not made, "-empty")
        entitle(self, f"new files: {len(made)}" if made else "new files")
        if not made:
            return (Content.styled("none" if made is not None else "", "$foreground 62%"),)
        width = max(10, self.scrollable_content_region.width)
        return [
            Content.assemble(
                ("~ " if one.changed else "+ ", "bold $text-warning" if one.changed else "bold $text-success"),
                shorten(one.path, width - len(line) - 2),
                (line, "$foreground 62%"),
            )
            for one, line in ((one, _line(one)) for one in made)
        ]


def _line(one: FileMade) -> str:
    return f" :{one.line}{'' if one.sure else '?'}" if one.line else ""
