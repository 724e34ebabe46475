"""bash's line numbers and those of the text a person edits: they differ by a header, and by texts read in later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chunk:
    """`count` lines that bash numbers from `bash` on, and the text from `text` on (both from 1)."""

    bash: int
    text: int
    count: int


class LineMap:
    """The chunks that count now. Immutable: going to another place of the text makes a new one."""

    def __init__(self, chunks: tuple[Chunk, ...]) -> None:
        self._chunks = chunks

    @classmethod
    def behind_header(cls, header: int, text: str) -> LineMap:
        return cls((Chunk(header + 1, 1, text.count("\n") + 1),))

    def to_text(self, line: int) -> int | None:
        """The text's line of a line as bash counts; None: not of the text."""
        for chunk in self._chunks:
            if chunk.bash <= line < chunk.bash + chunk.count:
                return chunk.text + line - chunk.bash
        return None

    def to_bash(self, line: int) -> list[int]:
        """The lines that bash may call a line of the text."""
        return [c.bash + line - c.text for c in self._chunks if c.text <= line < c.text + c.count]
