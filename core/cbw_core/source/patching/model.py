"""A patch as data."""

from __future__ import annotations

from dataclasses import dataclass, field


class PatchSyntaxError(Exception):
    """The text is no patch that can be read. `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Hunk:
    """One change of a file. Lines are bytes with their line ends; the last may have none.

    line:   where it begins in the patch. header: its "@@ ... @@" line.
    body:   (" ", "-" or "+", line) in order.
    start, count: of the lines as they were; new_start, new_count: as they shall be.
    """

    line: int
    header: str
    start: int
    count: int
    new_start: int
    new_count: int
    body: tuple[tuple[str, bytes], ...]

    @property
    def old(self) -> tuple[bytes, ...]:
        return tuple(text for tag, text in self.body if tag != "+")

    @property
    def new(self) -> tuple[bytes, ...]:
        return tuple(text for tag, text in self.body if tag != "-")

    @property
    def leading(self) -> int:
        """How many lines of context it begins with."""
        return next((i for i, (tag, _) in enumerate(self.body) if tag != " "), len(self.body))

    @property
    def trailing(self) -> int:
        """How many lines of context it ends with."""
        return next((i for i, (tag, _) in enumerate(reversed(self.body)) if tag != " "), len(self.body))

    @property
    def first(self) -> int:
        """The line of the old file that it begins at, from 1. One with nothing old goes behind the line it names."""
        return self.start if self.count else self.start + 1

    def reversed(self) -> Hunk:
        swap = {" ": " ", "-": "+", "+": "-"}
        body = tuple((swap[tag], text) for tag, text in self.body)
        return Hunk(self.line, self.header, self.new_start, self.new_count, self.start, self.count, body)


@dataclass(frozen=True)
class FilePatch:
    """What a patch does to one file.

    old, new:       the names as written (with their first folders), None for /dev/null or not told.
    index:          the name of an "Index:" line.
    creates, deletes: the patch says that there is no file before, or after.
    renamed, copied: git's (from, to), without "a/" and "b/".
    mode:           the new mode of git's header (0o100755, 0o120000 for a link); None: not told.
    unsupported:    why it cannot be applied ("a git binary patch"); "" when it can.
    is_empty:       git only tells that a binary file differs, not how: nothing to apply.
    """

    line: int
    old: str | None = None
    new: str | None = None
    index: str | None = None
    creates: bool = False
    deletes: bool = False
    renamed: tuple[str, str] | None = None
    copied: tuple[str, str] | None = None
    mode: int | None = None
    is_git: bool = False
    unsupported: str = ""
    is_empty: bool = False
    hunks: tuple[Hunk, ...] = field(default=())
