"""A patch made from files as they were and as they are: unified, with git's headers, as bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path

from cbw_core.source.patching.applying import State
from cbw_core.source.patching.locate import split_lines

Changes = Mapping[str, tuple[State | None, State | None]]

_CONTEXT = 3


class CannotPatch(Exception):
    """A change that no unified patch can hold; the message says which and why."""


def state_of(path: Path) -> State | None:
    """A file or link as it is on disk; None where there is none. CannotPatch for anything else."""
    try:
        info = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(info.st_mode):
        return State(os.fsencode(path.readlink()), 0o777, is_link=True)
    if not stat.S_ISREG(info.st_mode):
        raise CannotPatch(f"{path.name} is neither a file nor a link")
    return State(path.read_bytes(), stat.S_IMODE(info.st_mode))


def same(one: State | None, other: State | None) -> bool:
    """Whether two states are the same to a patch: content, kind, right to execute."""
    if one is None or other is None:
        return one is other
    return (one.content, one.is_link, _mode(one)) == (other.content, other.is_link, _mode(other))


def make(changes: Changes, *, prefixed: bool = True) -> bytes:
    """The patch that makes of each file's first state its second (None: there is no such file).

    prefixed: names begin with a/ and b/, to be applied with -p1; else they stand alone, for -p0.
    Raises CannotPatch for binary content and for names that a patch cannot hold.
    """
    a, b = ("a/", "b/") if prefixed else ("", "")
    out: list[bytes] = []
    for name in sorted(changes):
        before, after = changes[name]
        if not same(before, after):
            out += _file(name, before, after, a, b)
    return b"".join(out)


def _file(name: str, before: State | None, after: State | None, a: str, b: str) -> Iterator[bytes]:
    if any(char in name for char in "\n\r\t\\\"'") or name != name.strip() or not name.isprintable():
        raise CannotPatch(f"the name {name!r} cannot stand in a patch")
    if before is not None and after is not None and before.is_link != after.is_link:  # as git does: away, and anew
        yield from _file(name, before, None, a, b)
        yield from _file(name, None, after, a, b)
        return
    lines = [split_lines(state.content) if state is not None else [] for state in (before, after)]
    if any(b"\0" in state.content for state in (before, after) if state is not None):
        raise CannotPatch(f"{name} is a binary file, whose changes a patch cannot hold")
    yield _line(f"diff --git {a}{name} {b}{name}")
    if before is None:
        assert after is not None
        yield _line(f"new file mode {_mode(after):o}")
    elif after is None:
        yield _line(f"deleted file mode {_mode(before):o}")
    elif _mode(before) != _mode(after):
        yield _line(f"old mode {_mode(before):o}")
        yield _line(f"new mode {_mode(after):o}")
    if lines[0] == lines[1]:
        return
    tab = "\t" if " " in name else ""  # where the name ends, for GNU patch
    yield _line(f"--- {f'{a}{name}{tab}' if before is not None else '/dev/null'}")
    yield _line(f"+++ {f'{b}{name}{tab}' if after is not None else '/dev/null'}")
    yield from _hunks(*lines)


def _hunks(old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    # what is the same at both ends need not be compared: recipes patch few lines of long files
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    head, tail = max(head - _CONTEXT, 0), max(tail - _CONTEXT, 0)
    one, two = old[head : len(old) - tail], new[head : len(new) - tail]
    for group in SequenceMatcher(None, one, two, autojunk=False).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield _line(f"@@ -{_range(head, first[1], last[2])} +{_range(head, first[3], last[4])} @@")
        for kind, i1, i2, j1, j2 in group:
            if kind == "equal":
                yield from (_body(b" ", line) for line in one[i1:i2])
                continue
            yield from (_body(b"-", line) for line in one[i1:i2])
            yield from (_body(b"+", line) for line in two[j1:j2])


def _range(shift: int, start: int, stop: int) -> str:
    """The lines of a hunk as its header tells them: an empty range names the line before."""
    count = stop - start
    return f"{start + shift + (1 if count else 0)}" + ("" if count == 1 else f",{count}")


def _body(tag: bytes, line: bytes) -> bytes:
    return tag + line if line.endswith(b"\n") else tag + line + b"\n\\ No newline at end of file\n"


def _line(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape") + b"\n"


def _mode(state: State) -> int:
    return 0o120000 if state.is_link else 0o100755 if state.mode & 0o100 else 0o100644
