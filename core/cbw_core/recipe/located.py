"""A text cut out of a file and put together anew, every character of which knows where it came from."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from cbw_core.errors import Place
from cbw_core.recipe.selectors import Namespace, select


@dataclass(frozen=True)
class _Piece:
    """A part of one line. line and column of its first character, from 1; None where it stands in no file."""

    text: str
    line: int | None
    column: int


class Located:
    """Made with `of`; the other methods give new ones."""

    def __init__(self, pieces: tuple[_Piece, ...]) -> None:
        self._pieces = pieces
        self._starts: list[int] = []
        length = 0
        for piece in pieces:
            self._starts.append(length)
            length += len(piece.text)
        self.text = "".join(piece.text for piece in pieces)

    @classmethod
    def of(cls, text: str) -> Located:
        lines = text.splitlines(keepends=True)
        return cls(tuple(_Piece(line, number, 1) for number, line in enumerate(lines, 1)))

    @classmethod
    def nowhere(cls, text: str) -> Located:
        return cls((_Piece(text, None, 1),))

    def selected(self, namespace: Namespace, file: str) -> Located:
        """As `select` leaves it. Raises RecipeError for a bad selector."""
        chosen = select(self.text, namespace, file)
        before = self._line_pieces()
        lines = chosen.text.splitlines(keepends=True)
        pieces = []
        for line, number in zip(lines, chosen.lines, strict=False):
            old = before[number - 1] if number <= len(before) else None
            pieces.append(_Piece(line, old.line if old else None, old.column if old else 1))
        return Located(tuple(pieces))

    def _line_pieces(self) -> list[_Piece]:
        """The piece that each line of the text begins with."""
        found: list[_Piece] = []
        offset = 0
        for line in self.text.splitlines(keepends=True):
            found.append(self._pieces[self._index(offset)])
            offset += len(line)
        return found

    def cut(self, start: int, end: int) -> Located:
        pieces = []
        for piece, at in zip(self._pieces, self._starts, strict=True):
            low, high = max(start - at, 0), min(end - at, len(piece.text))
            if low < high:
                pieces.append(_Piece(piece.text[low:high], piece.line, piece.column + low))
        return Located(tuple(pieces))

    def without(self, start: int, end: int) -> Located:
        return self.cut(0, start) + self.cut(end, len(self.text))

    def rstrip(self) -> Located:
        return self.cut(0, len(self.text.rstrip()))

    def __add__(self, other: Located) -> Located:
        return Located(self._pieces + other._pieces)

    def _index(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def position(self, offset: int) -> tuple[int, int] | None:
        """Line and column in the file, of the character at `offset`."""
        if not self._pieces:
            return None
        piece = self._pieces[self._index(offset)]
        if piece.line is None:
            return None
        return piece.line, piece.column + offset - self._starts[self._index(offset)]


def place_in(file: str, text: str, position: tuple[int, int] | None) -> Place:
    """A place in a file of this text, with its line."""
    if position is None:
        return Place(file)
    line, column = position
    lines = text.splitlines()
    return Place(file, line, column, lines[line - 1].strip() if line <= len(lines) else None)
