"""The session's screen: outputs and phases, the source, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cbw_workbench.tui import keys
from cbw_workbench.tui.marks import marks
from cbw_workbench.tui.messages import OpenPlace, ShowTab
from cbw_workbench.tui.screens.base import WorkbenchScreen
from cbw_workbench.tui.state import WorkbenchState, log_key, shown_error
from cbw_workbench.tui.widgets.detail import PhaseDetail
from cbw_workbench.tui.widgets.error import ErrorPanel
from cbw_workbench.tui.widgets.log import LogView
from cbw_workbench.tui.widgets.outputs import OutputsTable
from cbw_workbench.tui.widgets.phases import PhaseList
from cbw_workbench.tui.widgets.results import ResultsView
from cbw_workbench.tui.widgets.source_pane import SourcePane

PAGES = ("log", "error", "results")


class MainScreen(WorkbenchScreen):
    """Phases at the left; the source and a page (log, error or results) beside one another where the terminal is wide,
    above one another where it is high, and else the one of the two that is in `front`."""

    NAME = "main"
    BINDINGS = keys.bindings(NAME)

    page: reactive[str] = reactive("log")
    front: reactive[str] = reactive("source")

    def body(self) -> Iterable[Widget]:
        here = WorkbenchScreen.state
        outputs = OutputsTable(id="outputs").data_bind(here)
        yield Vertical(
            VerticalScroll(outputs, id="outputs-pane", classes="pane", can_focus=False),
            Vertical(PhaseList(id="phases").data_bind(here), id="phases-pane", classes="pane"),
            PhaseDetail(id="detail", classes="pane").data_bind(here),
            id="left",
        )
        yield Container(
            SourcePane(id="source-pane", classes="pane").data_bind(here),
            Vertical(
                LogView(self.tools.book, id="log").data_bind(here),
                ErrorPanel(id="error").data_bind(here),
                ResultsView(self.tools.draw, id="results").data_bind(here),
                id="pages",
                classes="pane",
            ),
            id="right",
        )

    def on_mount(self) -> None:
        self.query_one("#outputs-pane").border_title = "outputs"
        self.query_one("#phases-pane").border_title = "phases"
        self.watch(self.sources, "tabs", self._retitle)
        self.watch(self.sources, "tab", self._retitle)
        self.watch(self.log_view, "following", self._retitle)
        self.watch(self.log_view, "found", self._retitle)
        self.query_one(PhaseList).focus()
        self._arrange()

    @property
    def sources(self) -> SourcePane:
        return self.query_one(SourcePane)

    @property
    def log_view(self) -> LogView:
        return self.query_one(LogView)

    # -- what is in front -----------------------------------------------------------------------------------------

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        if (new.busy and not old.busy) or (new.aside and not old.aside):
            self._bring("log")
        ran = new.last
        if ran is not None and (old.last is None or ran.number != old.last.number):
            if ran.error is not None and ran.error.kind != "interrupted":
                self._bring("error")
            elif ran.value is not None and ran.asks and self.is_current and not self.catching_up:
                self._bring("results")
        if shown_error(old) != shown_error(new) or log_key(old) != log_key(new):
            self._retitle()

    def on_show_tab(self, message: ShowTab) -> None:
        self._bring(message.tab)
        if message.focus:
            self._focus_front(message.tab)

    def on_open_place(self, message: OpenPlace) -> None:
        """A place that a page names goes to the source pane."""
        message.stop()
        self._bring("source")
        self.sources.open(message.file, message.line)
        self._focus_front("source")

    def _bring(self, tab: str) -> None:
        if tab in PAGES:
            self.page = tab
        self.front = "source" if tab == "source" else "pages"

    def _focus_front(self, tab: str) -> None:
        self.call_after_refresh(self.query_one("#source" if tab == "source" else f"#{tab}").focus)

    def watch_page(self) -> None:
        self._arrange()

    def watch_front(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        if not self.query("#right"):
            return  # not composed yet
        for page in PAGES:
            self.query_one(f"#{page}").display = page == self.page
        self.set_class(self.front == "source", "-front-source")
        self._retitle()

    def on_resize(self) -> None:
        self.call_after_refresh(self._retitle)

    @property
    def shows_both(self) -> bool:
        """Whether there is room for the source and a page at once."""
        return self.has_class("-wide") or self.has_class("-high")

    def _retitle(self) -> None:
        """The borders name what can be turned to; what is shown stands out."""
        if not self.query("#right"):
            return  # not composed yet
        files = [(t, f"screen.open_tab({i})", i == self.sources.tab) for i, t in enumerate(self.sources.tabs)]
        pages = [(page, f"screen.show('{page}')", page == self.page) for page in PAGES]
        if not self.shows_both:
            away = [(page, action, False) for page, action, _ in pages[:2]]
            files, pages = [*files, *away], [*pages, ("source", "screen.show('source')", False)]
        self.sources.border_title = _tabs(files, self.sources.size.width - 4)
        page_pane = self.query_one("#pages")
        page_pane.border_title = _tabs(pages, page_pane.size.width - 4)
        log = self.log_view
        told = log.found or ("" if log.following else "scrolled: f follows")
        name = log_key(self.state).phase
        page_pane.border_subtitle = Content(f"{name} {told}".strip()) if self.page == "log" else None

    # -- keys -----------------------------------------------------------------------------------------------------

    def action_show(self, tab: str) -> None:
        self._bring(tab)
        self._focus_front(tab)

    def action_open_tab(self, index: int) -> None:
        self._bring("source")
        self.sources.tab = index
        self._focus_front("source")

    def action_turn(self, by: int) -> None:
        """The next file when the source is in front and has the focus, else the next page."""
        if self.sources.has_focus_within or (self.front == "source" and not self.query_one("#pages").has_focus_within):
            self.sources.turn(by)
        else:
            self.action_show(PAGES[(PAGES.index(self.page) + by) % len(PAGES)])

    def action_go_to_place(self) -> None:
        found = marks(self.state)
        if found:
            self.on_open_place(OpenPlace(found[-1].file, found[-1].line))
        else:
            self.notify("no line is to blame")

    def search(self, text: str, *, done: bool) -> None:
        in_source = self._focus_before is self.sources.view if self.shows_both else self.front == "source"
        if in_source:
            count = self.sources.view.search(text)
        else:
            self._bring("log")
            count = self.log_view.search(text, done=done)
        if done:
            self._focus_front("source" if in_source else "log")
            if text and not count:
                self.notify(f"{text!r} is not there", severity="warning")


Tab = tuple[str, str, bool]  # its title, the action of a click, whether it is the one shown


def _tabs(entries: Sequence[Tab], width: int) -> Content:
    """Titles in a row of at most `width` cells; of too many, those around the one shown."""
    entries = list(entries)
    chosen = next((i for i, (_, _, here) in enumerate(entries) if here), 0)
    first, last = 0, len(entries)

    def cells() -> int:
        return sum(len(title) + 1 for title, _, _ in entries[first:last]) + 2 * (first > 0) + 2 * (last < len(entries))

    while cells() > width and last - first > 1:
        if chosen - first > last - 1 - chosen:
            first += 1
        else:
            last -= 1
    parts = []
    for title, action, here in entries[first:last]:
        style = "bold $primary" if here else "$foreground 62%"
        parts.append(Content.from_markup(f'[@click="{action}"]$title[/]', title=title).stylize(style))
    more = Content.styled("…", "$foreground 62%")
    return Content(" ").join([*([more] if first else []), *parts, *([more] if last < len(entries) else [])])
