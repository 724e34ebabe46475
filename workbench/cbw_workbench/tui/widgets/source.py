"""A text with line numbers, syntax colours and marks beside its lines."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.highlight import highlight
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cbw_workbench.tui.logbook import find_lines
from cbw_workbench.tui.look import highlight_found
from cbw_workbench.tui.marks import Beside
from cbw_workbench.tui.messages import GutterClicked

_LANGUAGES = {".yaml": "yaml", ".yml": "yaml", ".sh": "bash", ".py": "python", ".pl": "perl", ".patch": "diff",
              ".diff": "diff", ".bat": "batch", ".json": "json", ".toml": "toml"}  # fmt: skip
# glyph, its style, and what the whole line is shaded with
MARKS = {
    "error": ("✗", "bold $text-error", "on $error 25%"),
    "failed": ("✗", "bold $text-error", "on $error 25%"),
    "current": ("►", "bold $text-accent", "on $accent 20%"),
    "under way": ("▹", "bold $text-accent", ""),
    "next": ("▷", "bold $text-accent", "on $accent 20%"),
    "breakpoint": ("●", "bold $text-error", ""),
    "condition": ("◆", "bold $text-error", ""),
    "disabled": ("○", "$text-error", ""),
}
_NO_MARK = (" ", "", "")
_HIGHLIGHT_AT_MOST = 300_000


class SourceView(ScrollView, can_focus=True):
    """Shows one text. `cursor` is a line (from 1) that is kept in sight and shaded; it moves with the arrows."""

    BINDINGS = [
        Binding("up,k", "move(-1)", "Line", show=False),
        Binding("down,j", "move(1)", "Line", show=False),
        Binding("pageup", "page(-1)", "Page", show=False),
        Binding("pagedown", "page(1)", "Page", show=False),
        Binding("home", "go(1)", "Top", show=False),
        Binding("end", "go(99999999)", "End", show=False),
        Binding("left", "across(-8)", "Left", show=False),
        Binding("right", "across(8)", "Right", show=False),
        Binding("n", "next_match(1)", "Next", show=False),
        Binding("N", "next_match(-1)", "Before", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.path = ""
        self.cursor = 1
        self.text = ""
        self._lines: list[Content] = []
        self._plain: list[str] = []
        self._beside = Beside()
        self._sought = ""

    @property
    def line_count(self) -> int:
        return len(self._plain)

    def show(self, path: str, text: str) -> None:
        """Show a text; the cursor stays at its line when it is the same file."""
        same = path == self.path
        if same and text == self.text:
            return
        self.path, self.text = path, text
        self._plain = [line.expandtabs(4) for line in text.split("\n")]
        if text.endswith("\n"):
            self._plain.pop()
        self._lines = _coloured(path, "\n".join(self._plain), len(self._plain))
        self._measure()
        self.go(self.cursor if same else 1)

    def mark(self, beside: Beside) -> None:
        """What stands beside the lines."""
        if beside != self._beside:
            self._beside = beside
            self._measure()
            self.refresh()

    def _measure(self) -> None:
        width = max((len(line) for line in self._plain), default=0) + self._gutter
        self.virtual_size = Size(width, len(self._plain))

    def go(self, line: int, *, centre: bool = False) -> None:
        """Put the cursor on a line and that into sight."""
        self.cursor = max(1, min(line, len(self._plain)))
        top, height = self.scroll_offset.y, max(1, self.scrollable_content_region.height)
        at = self.cursor - 1
        if centre and not top <= at < top + height:
            self._scroll(max(0, at - height // 3))
        elif at < top:
            self._scroll(at)
        elif at >= top + height:
            self._scroll(at - height + 1)
        self.refresh()

    def _scroll(self, y: int) -> None:
        self.scroll_to(y=y, animate=False, force=True, immediate=True)  # a text just shown may have no scroll bar yet

    def search(self, text: str) -> int:
        """Go to the first line from the cursor on that contains `text`; returns how many do."""
        self._sought = text
        found = find_lines(self._plain, text)
        if found:
            self.go(next((i for i in found if i + 1 >= self.cursor), found[0]) + 1, centre=True)
        self.refresh()
        return len(found)

    @property
    def _margin(self) -> int:
        """Cells of the column that tells what lines took; 0 where there is none."""
        return max(map(len, self._beside.margins.values()), default=0)

    @property
    def _numbers(self) -> int:
        return len(str(max(1, len(self._plain))))

    @property
    def _gutter(self) -> int:
        return 3 + self._numbers + 1 + (self._margin + 1 if self._margin else 0)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        if index >= len(self._plain):
            return Strip.blank(width, self.rich_style)
        number, beside = index + 1, self._beside
        mark, mark_style, back = MARKS.get(beside.marks.get(number, ""), _NO_MARK)
        point, point_style, _ = MARKS.get(beside.points.get(number, ""), _NO_MARK)
        here = number == self.cursor
        gutter = Content.assemble(
            (point, point_style),
            (mark, mark_style),
            ("↶" if number in beside.kept else " ", "$text-secondary"),
            (f"{number:>{self._numbers}} ", "bold $text-primary" if here else "$foreground 40%"),
            (f"{beside.margins.get(number, ''):>{self._margin}} " if self._margin else "", "$foreground 62%"),
        )
        line = self._lines[index]
        if self._sought:
            line = highlight_found(line, self._sought)
        left = self.scroll_offset.x
        line = (gutter + line[left : left + width]).pad_right(max(0, width - self._gutter))
        if back or (here and self.has_focus):
            line = line.stylize_before(back or "on $foreground 8%")
        strip = Strip(line.render_segments(self.visual_style)).crop_extend(0, width, self.rich_style)
        if len(self._plain[index]) - left > width - self._gutter > 0:
            strip = Strip.join(
                [strip.crop(0, width - 1), Strip(Content.styled("…", "$primary").render_segments(self.visual_style))]
            )
        badge = f" {beside.badges[number]} " if number in beside.badges else ""
        if not badge or len(badge) > width // 2:
            return strip
        told: list[Segment] = Content.styled(badge, "bold $background on $error").render_segments(self.visual_style)
        return Strip.join([strip.crop(0, width - len(badge)), Strip(told)])

    def on_click(self, event: events.Click) -> None:
        """Goes to the line; beside it, the screen is told."""
        at = event.get_content_offset(self)
        line = self.scroll_offset.y + at.y + 1 if at is not None else 0
        if at is None or not 1 <= line <= len(self._plain):
            return
        self.go(line)
        if at.x < 3 + self._numbers:
            self.post_message(GutterClicked(self.path, line))

    def action_move(self, by: int) -> None:
        self.go(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.go(self.cursor + by * max(1, self.scrollable_content_region.height - 1))

    def action_go(self, line: int) -> None:
        self.go(line)

    def action_across(self, by: int) -> None:
        self.scroll_to(x=self.scroll_offset.x + by, animate=False, force=True)

    def action_next_match(self, by: int) -> None:
        found = find_lines(self._plain, self._sought)
        if not found:
            return
        if by > 0:
            at = next((i for i in found if i + 1 > self.cursor), found[0])
        else:
            at = next((i for i in reversed(found) if i + 1 < self.cursor), found[-1])
        self.go(at + 1, centre=True)


@lru_cache(maxsize=16)
def _coloured(path: str, text: str, count: int) -> list[Content]:
    """The text's lines in colours, as many as it has."""
    language = _LANGUAGES.get(Path(path).suffix)
    if language is None or len(text) > _HIGHLIGHT_AT_MOST:
        return [Content(line) for line in text.split("\n")]
    lines = highlight(text, language=language).split("\n", allow_blank=True)
    # lexers may drop blank lines at either end: then the plain text is the truth
    same = len(lines) >= count and all(a.plain == b for a, b in zip(lines, text.split("\n"), strict=False))
    return list(lines) if same else [Content(line) for line in text.split("\n")]
