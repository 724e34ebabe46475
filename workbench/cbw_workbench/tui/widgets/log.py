"""A log of any length: only what is in sight is drawn. It follows the tail until the person scrolls away from it."""

from __future__ import annotations

import re

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cbw_workbench.tui.logbook import Log, LogBook, Wrapping, find_lines, pieces
from cbw_workbench.tui.look import highlight_found
from cbw_workbench.tui.state import LogKey, WorkbenchState, log_key
from cbw_workbench.tui.widgets.base import StateWidget

_ERROR = r"\berror\b\s*[:\[]|^failed:|\bfatal:|^Traceback |\bFAILED\b|No such file or directory"
# the first rule that fits gives a line its colour
_RULES = (
    (re.compile(_ERROR, re.I), "$text-error"),
    (re.compile(r"\bwarning\s*[:\[]|^interrupted:", re.I), "$text-warning"),
    (re.compile(r"^(note|hint):"), "$text-secondary"),
    (re.compile(r"^── "), "$foreground 62%"),
    (re.compile(r"^\+{1,3} "), "$text-primary"),
)


def style_of(line: str) -> str:
    """The style of a log line by what it says."""
    return next((style for rule, style in _RULES if rule.search(line)), "")


class LogView(StateWidget, ScrollView, can_focus=True):
    """The log of the selected phase."""

    BINDINGS = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("n", "next_match(1)", "Next", show=False),
        Binding("N", "next_match(-1)", "Before", show=False),
        Binding("W", "wrap", "Wrap", show=False),
        Binding("f", "follow", "Follow", show=False),
    ]

    following: reactive[bool] = reactive(True)
    wrap: reactive[bool] = reactive(True)
    found: reactive[str] = reactive("")

    def __init__(self, book: LogBook, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._book = book
        self._key = LogKey()
        self._log = Log()
        self._version = -1
        self._shown: object = None
        self._wrapping = Wrapping()
        self._widest = 0
        self._measured = 0
        self._sought = ""
        self._at = -1
        self._from: tuple[bool, int] | None = None
        self._placing = False
        self._bottom = 0

    @property
    def line_count(self) -> int:
        return len(self._log.lines)

    def picture(self, state: WorkbenchState) -> object:
        return (log_key(state), state.revision)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        self._sync()

    def on_mount(self) -> None:
        self._sync()

    def on_resize(self, event: events.Resize) -> None:
        self._version = -1
        self._sync()

    def watch_wrap(self) -> None:
        self._version = -1
        if self.is_mounted:
            self._sync()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        moved = round(old_value) != round(new_value)
        if moved and not self._placing and self.max_scroll_y == self._bottom:  # else it is the size that changed
            self.following = new_value >= self.max_scroll_y

    def _sync(self) -> None:
        """Take in the lines that came, or another log."""
        key = log_key(self.state)
        log = self._book.log(key)
        shown = (key, log.version, len(log.lines), log.fresh, self.size, self.wrap, self.following)
        if log is self._log and shown == self._shown and self._version == log.version:
            return
        self._shown = shown
        if key != self._key or log is not self._log:
            self._version, self._at, self.found = -1, -1, ""
            if key != self._key:
                self.following = True
        self._key, self._log = key, log
        width = self.scrollable_content_region.width if self.wrap else 0
        if log.version != self._version:
            self._wrapping = Wrapping(width)
            self._widest = self._measured = 0
            self._version = log.version
        self._wrapping.extend(log.lines)
        if not self.wrap:
            self._widest = max(self._widest, max((len(line) for line in log.lines[self._measured :]), default=0))
            self._measured = len(log.lines)
        self._placing = True
        self.virtual_size = Size(0 if self.wrap else self._widest, self._wrapping.height)
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)
        self._placing = False
        self._bottom = self.max_scroll_y
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        if row >= self._wrapping.height:
            empty = y == 0 and not self._log.lines
            return self._strip(Content.styled("nothing yet", "$foreground 40%") if empty else Content(""), width)
        index, piece = self._wrapping.line_at(row)
        line = self._log.lines[index]
        if self.wrap:
            part = pieces(line, width)[piece] if self._wrapping.width else line
        else:
            left = self.scroll_offset.x
            part = line[left : left + width]
        content = Content.styled(part, style_of(line) if index >= self._log.fresh else "$foreground 62%")
        if self._sought:
            content = highlight_found(content, self._sought)
        if index == self._at:
            content = content.pad_right(max(0, width - content.cell_length)).stylize_before("on $foreground 12%")
        return self._strip(content, width)

    def _strip(self, content: Content, width: int) -> Strip:
        segments: list[Segment] = content.render_segments(self.visual_style)
        base: Style = self.rich_style
        return Strip(segments).crop_extend(0, width, base)

    # -- searching ------------------------------------------------------------------------------------------------

    def search(self, text: str, *, done: bool = True) -> int:
        """Go to a line that contains `text`: the last one when the tail is in sight (errors stand at the end), else the
        next one. While it is being typed (not `done`) it is sought from where typing began. Returns how many there are.
        """
        if self._from is None:
            self._from = (self.following, self._wrapping.line_at(self.scroll_offset.y)[0])
        at_tail, top = self._from
        self._sought, self._at = text, -1
        matches = find_lines(self._log.lines, text)
        if matches:
            self._show(matches[-1] if at_tail else next((m for m in matches if m >= top), matches[0]), matches)
        else:
            self.found = "not found" if text else ""
        if done:
            self._from = None
        self.refresh()
        return len(matches)

    def action_next_match(self, by: int) -> None:
        matches = find_lines(self._log.lines, self._sought)
        if not matches:
            return
        if by > 0:
            self._show(next((m for m in matches if m > self._at), matches[0]), matches)
        else:
            self._show(next((m for m in reversed(matches) if m < self._at), matches[-1]), matches)

    def _show(self, line: int, matches: list[int]) -> None:
        self._at = line
        self.found = f"{matches.index(line) + 1}/{len(matches)}"
        row, height = self._wrapping.row_of(line), self.scrollable_content_region.height
        self.following = False
        self._placing = True
        self.scroll_to(y=max(0, row - height // 2), animate=False, immediate=True)
        self._placing = False
        self.refresh()

    def action_wrap(self) -> None:
        self.wrap = not self.wrap

    def action_follow(self) -> None:
        self.following, self._shown = True, None
        self._sync()
