"""How things look, in one place. A state is told by its glyph and its word; colour comes on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.theme import Theme
from textual.widget import Widget

from cbw_core.session.model import State
from cbw_workbench.views.states import look


@dataclass(frozen=True)
class Look:
    """glyph: one cell wide. style: a Textual style; its variables follow the theme."""

    glyph: str
    style: str


# the screen's own colours, which follow its theme; the glyphs are those of all faces
_STYLES: Mapping[State, str] = {
    State.PENDING: "$foreground 62%",
    State.RUNNING: "bold $text-accent",
    State.DONE: "$text-success",
    State.FAILED: "bold $text-error",
    State.STALE: "$text-warning",
    State.INTERRUPTED: "bold $text-warning",
    State.SKIPPED: "$foreground 40%",
}
STATES: Mapping[State, Look] = {state: Look(look(state).symbol, style) for state, style in _STYLES.items()}

CURSOR = "▌"

THEME = Theme(
    name="cbw",
    primary="#6cb6c9",
    secondary="#8f9bd9",
    accent="#e0af68",
    success="#8fbf6f",
    warning="#e6b450",
    error="#f07178",
    foreground="#d5d9e0",
    background="#12161c",
    surface="#171c24",
    panel="#1f2630",
    dark=True,
    variables={
        "border": "#6cb6c9",
        "border-blurred": "#38424f",
        "footer-background": "#1f2630",
        "footer-key-foreground": "#e0af68",
        "footer-description-foreground": "#9aa5b1",
        "block-cursor-text-style": "none",
    },
)


def shorten(text: str, width: int) -> str:
    """`text` in at most `width` cells, its middle left out."""
    if len(text) <= width:
        return text
    if width < 3:
        return text[: max(width, 0)]
    head = (width - 1 + 1) // 2
    return text[:head] + "…" + text[len(text) - (width - 1 - head) :]


LIGHT = Theme(
    name="cbw-light",
    primary="#1c7087",
    secondary="#5a4fcf",
    accent="#9a5b00",
    success="#2e7d32",
    warning="#8a6100",
    error="#b3261e",
    foreground="#1f2328",
    background="#fbfbfa",
    surface="#f1f2f0",
    panel="#e4e7e5",
    dark=False,
    variables={
        "border": "#1c7087",
        "border-blurred": "#b9c0bd",
        "footer-background": "#e4e7e5",
        "footer-key-foreground": "#9a5b00",
        "footer-description-foreground": "#57606a",
        "block-cursor-text-style": "none",
    },
)


def theme_for(environ: Mapping[str, str]) -> str:
    """The name of the theme to begin with: CBW_THEME, else the light one where the terminal says (COLORFGBG, as rxvt,
    Konsole and others set it) that its background is light."""
    said = environ.get("COLORFGBG", "").rpartition(";")[2]
    return environ.get("CBW_THEME") or (LIGHT.name if said in ("7", "15") else THEME.name)


def entitle(widget: Widget, title: str | None = None, subtitle: str | None = None) -> None:
    """Set the words in a widget's border, as they are; where they are the same, nothing is drawn anew."""
    if title is not None and widget.border_title != Content(title).markup:
        widget.border_title = Content(title)
    if subtitle is not None and widget.border_subtitle != Content(subtitle).markup:
        widget.border_subtitle = Content(subtitle)


def short_names(dists: Sequence[str], width: int) -> tuple[str, ...]:
    """Names for outputs in a narrow column: as little of name-version-build as tells them apart."""
    split = [dist.rsplit("-", 2) for dist in dists]
    for parts in (1, 2):
        names = ["-".join(words[:parts]) for words in split]
        if len(set(names)) == len(names):
            break
    else:
        names = [
            words[0] + "-" + words[-1] if len(words) == 3 else dist for words, dist in zip(split, dists, strict=True)
        ]
    return tuple(shorten(name, width) for name in names)


def highlight_found(line: Content, text: str) -> Content:
    """The line with what was sought in reverse; capitals matter only when `text` has some."""
    plain = line.plain if text != text.lower() else line.plain.lower()
    at = plain.find(text)
    while at >= 0:
        line = line.stylize("reverse", at, at + len(text))
        at = plain.find(text, at + len(text))
    return line
