"""The source pane: the recipe and its scripts, one at a time, with the lines to blame marked."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.reactive import reactive

from cbw_workbench.tui.marks import beside, marks
from cbw_workbench.tui.messages import OpenPlace
from cbw_workbench.tui.sources import Source, read_text, sources_of
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.base import StateWidget
from cbw_workbench.tui.widgets.source import SourceView


class SourcePane(StateWidget):
    """`tabs` are the titles of its files, `tab` is the index of the one shown."""

    tabs: reactive[tuple[str, ...]] = reactive((), repaint=False)
    tab: reactive[int] = reactive(0, always_update=True, repaint=False)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._sources: tuple[Source, ...] = ()
        self._extra: tuple[Source, ...] = ()

    def compose(self) -> ComposeResult:
        yield SourceView(id="source")

    @property
    def view(self) -> SourceView:
        return self.query_one(SourceView)

    def picture(self, state: WorkbenchState) -> object:
        row, looked = state.row, state.looked
        if row is None:
            return None
        told = (looked.breakpoints, looked.script, looked.spent, state.at is None and state.under_way)
        return (row.recipe, row.paths.get("build_file"), marks(state), state.edited, row.output, told)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        if not self.children:
            return  # not composed yet
        before = set(marks(old))
        fresh = [mark for mark in marks(new) if mark not in before]
        self._list()
        if fresh:
            self.open(fresh[-1].file, fresh[-1].line)

    def on_mount(self) -> None:
        self._list()

    def open(self, file: str, line: int | None = None) -> bool:
        """Show a file, one outside the recipe too, at a line. False when it cannot be read."""
        known = [*self._sources]
        index = next((i for i, source in enumerate(known) if source.path == file), None)
        if index is None:
            found = Source(file.rsplit("/", 1)[-1], file)
            self._extra = (*self._extra, found)
            self._list()
            index = next((i for i, source in enumerate(self._sources) if source.path == file), None)
        if index is None:
            return False
        self.tab = index
        if line:
            self.view.go(line, centre=True)
        return True

    @property
    def paths(self) -> tuple[str, ...]:
        """Its files."""
        return tuple(source.path for source in self._sources)

    def on_open_place(self, message: OpenPlace) -> None:
        message.stop()
        self.open(message.file, message.line)

    def turn(self, by: int) -> None:
        if self._sources:
            self.tab = (self.tab + by) % len(self._sources)

    def watch_tab(self) -> None:
        self._read()

    def _list(self) -> None:
        shown = self._sources[self.tab].path if self.tab < len(self._sources) else ""
        state = self.state
        listed = sources_of(state.row, marks(state))
        extra = tuple(s for s in self._extra if s.path not in {known.path for known in listed})
        self._sources = (*listed, *extra)
        self.tabs = tuple(source.title for source in self._sources)
        self.tab = next((i for i, source in enumerate(self._sources) if source.path == shown), 0)

    def _read(self) -> None:
        if not self.children or self.tab >= len(self._sources):
            return
        path = self._sources[self.tab].path
        self.view.show(path, read_text(path))
        self.view.mark(beside(self.state, path))
