"""The states of a phase: their symbols and colours, defined once for all faces. The word is the state's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How a state is shown: `symbol` is one cell wide; `style` is rich's."""

    symbol: str
    style: str


LOOKS = {
    "pending": Look("·", "dim"),
    "running": Look("►", "bold cyan"),
    "done": Look("✓", "green"),
    "failed": Look("✗", "bold red"),
    "stale": Look("↻", "yellow"),
    "interrupted": Look("■", "magenta"),
    "skipped": Look("-", "dim"),
}


def look(state: str) -> Look:
    """The look of a state (a `State` or its word)."""
    return LOOKS[str(state)]


def seconds_text(seconds: float | None) -> str:
    """A duration for people: "0.4 s", "2 min 05 s", "1 h 02 min"; "" for None."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size_text(count: float) -> str:
    """A number of bytes for people: "812 B", "3.4 MB"."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
