"""Text of a patch to `FilePatch`es: unified diffs as diff -u, git, hg and svn write them, with anything around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cbw_core.source.patching.model import FilePatch, Hunk, PatchSyntaxError

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_GIT = re.compile(r'diff --git ("(?:[^"\\]|\\.)*"|.+?) ("(?:[^"\\]|\\.)*"|\S.*)$')
_STAMP = re.compile(
    r"[ \t]+(?P<iso>\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)(?:\.\d+)?(?: ?(?P<zone>[+-]\d{4}))?\s*$"
    r"|[ \t]+(?P<c>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\s*$"
)
_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, '"': 34, "\\": 92}


def parse(data: bytes) -> tuple[FilePatch, ...]:
    """The changes in a patch, in order. Raises PatchSyntaxError for what cannot be read, or when there is no change."""
    lines = data.split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    reader = _Reader(lines)
    while reader.at < len(lines):
        reader.step()
    reader.close()
    if not reader.found:
        raise PatchSyntaxError("there is no change in it: no '---' and '+++' lines followed by '@@'", 1)
    return tuple(reader.found)


class _Reader:
    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = lines
        self.at = 0
        self.found: list[FilePatch] = []
        self._current: FilePatch | None = None
        self._hunks: list[Hunk] = []
        self._index: str | None = None

    def text(self, at: int) -> str:
        """Line `at` without its end; "" behind the last."""
        return self.lines[at].rstrip(b"\r\n").decode("utf-8", "surrogateescape") if at < len(self.lines) else ""

    def close(self) -> None:
        """The current file's changes are all read."""
        patch, self._current = self._current, None
        if patch is not None and (self._hunks or patch.unsupported or patch.is_empty or _changes_without_hunks(patch)):
            self.found.append(replace(patch, hunks=tuple(self._hunks)))
        self._hunks = []

    def step(self) -> None:
        line = self.text(self.at)
        if line.startswith("diff --git "):
            self._git_header()
        elif line.startswith("--- ") and self.text(self.at + 1).startswith("+++ "):
            self._file_header()
        elif line.startswith("@@ -"):
            self._hunk()
        elif line.startswith("***************") and self._is_context_diff():
            raise PatchSyntaxError("it is a context diff; make a unified one, with diff -u", self.at + 1)
        else:
            if line.startswith("Index: "):
                self.close()
                self._index = line[7:].strip()
            self.at += 1

    def _is_context_diff(self) -> bool:
        return bool(re.match(r"\*\*\* \d+(,\d+)? \*\*\*\*", self.text(self.at + 1)))

    def _git_header(self) -> None:
        self.close()
        names = _git_names(self.text(self.at))
        patch = FilePatch(self.at + 1, *names, is_git=True)
        renames: dict[str, str] = {}
        self.at += 1
        while self.at < len(self.lines):
            line = self.text(self.at)
            word, value = next(((w, line[len(w) :]) for w in _GIT_WORDS if line.startswith(w)), ("", ""))
            if line.startswith(("--- ", "@@ -", "diff --git ", "From ")) or (not word and line):
                break
            if word in ("new file mode ", "new mode "):
                patch = replace(patch, mode=_octal(value), creates=patch.creates or word.startswith("new file"))
            elif word == "deleted file mode ":
                patch = replace(patch, deletes=True)
            elif word.startswith(("rename", "copy")):
                renames[word.strip()] = _name(value)
            elif word == "Binary files ":
                patch = replace(patch, is_empty=True)
            elif word == "GIT binary patch":
                patch = replace(patch, unsupported="a git binary patch")
            elif not line:
                break
            self.at += 1
        self._current = replace(patch, renamed=_pair(renames, "rename"), copied=_pair(renames, "copy"))

    def _file_header(self) -> None:
        old, old_gone = _header_name(self.text(self.at)[4:])
        new, new_gone = _header_name(self.text(self.at + 1)[4:])
        known = self._current
        if known is None or not known.is_git or known.is_empty or known.unsupported or self._hunks:
            self.close()
            self._current = FilePatch(self.at + 1)
        assert self._current is not None
        self._current = replace(
            self._current,
            old=old,
            new=new,
            index=self._index,
            creates=self._current.creates or old_gone,
            deletes=self._current.deletes or new_gone,
        )
        self._index = None
        self.at += 2

    def _hunk(self) -> None:
        match = _HUNK.match(self.lines[self.at])
        if match is None:
            raise PatchSyntaxError("the line that begins a hunk cannot be read", self.at + 1)
        if self._current is None:
            if self._index is None:
                raise PatchSyntaxError("a hunk without the '---' and '+++' lines that name its file", self.at + 1)
            self._current = FilePatch(self.at + 1, index=self._index)
        start, count, new_start, new_count = (1 if value is None else int(value) for value in match.groups())
        begins, header = self.at, self.text(self.at)
        body = self._body(count, new_count)
        self._hunks.append(Hunk(begins + 1, header, start, count, new_start, new_count, body))

    def _body(self, old_left: int, new_left: int) -> tuple[tuple[str, bytes], ...]:
        """The lines of a hunk, as many as its header tells."""
        body: list[tuple[str, bytes]] = []
        self.at += 1
        while old_left > 0 or new_left > 0:
            line = self.lines[self.at] if self.at < len(self.lines) else b""
            if not line and old_left == new_left and old_left <= 2:
                line = b"\n"  # mail programs cut blank lines off the end; GNU patch takes up to two for granted
            tag = chr(line[0]) if line else ""
            if tag in ("\n", "\r", "\t"):  # and they eat the space of blank lines
                tag, line = " ", b" " + line
            if tag not in (" ", "-", "+", "\\"):
                what = "ends" if not line else "has a line that begins with none of ' ', '-', '+'"
                raise PatchSyntaxError(
                    f"a hunk {what}, where {max(old_left, new_left)} more lines are due", self.at + 1
                )
            if tag == "\\":
                _cut_newline(body, self.at + 1)
            else:
                old_left -= tag != "+"
                new_left -= tag != "-"
                body.append((tag, line[1:] if line.endswith(b"\n") else line[1:] + b"\n"))
            if old_left < 0 or new_left < 0:
                raise PatchSyntaxError("a hunk has more lines than its '@@' line tells", self.at + 1)
            self.at += 1
        if self.at < len(self.lines) and self.lines[self.at].startswith(b"\\ "):
            _cut_newline(body, self.at + 1)
            self.at += 1
        return tuple(body)


_GIT_WORDS = (
    "old mode ", "new mode ", "deleted file mode ", "new file mode ", "copy from ", "copy to ", "rename from ",
    "rename to ", "similarity index ", "dissimilarity index ", "index ", "Binary files ", "GIT binary patch",
)  # fmt: skip


def _pair(found: dict[str, str], kind: str) -> tuple[str, str] | None:
    old, new = found.get(f"{kind} from"), found.get(f"{kind} to")
    return (old, new) if old is not None and new is not None else None


def _changes_without_hunks(patch: FilePatch) -> bool:
    return patch.is_git and bool(
        patch.renamed or patch.copied or patch.mode is not None or patch.creates or patch.deletes
    )


def _cut_newline(body: list[tuple[str, bytes]], line: int) -> None:
    if not body:
        raise PatchSyntaxError("'\\ No newline at end of file' before any line", line)
    tag, text = body[-1]
    body[-1] = (tag, text.removesuffix(b"\n"))


def _octal(text: str) -> int | None:
    try:
        return int(text.strip(), 8)
    except ValueError:
        return None


def _git_names(line: str) -> tuple[str | None, str | None]:
    """The names of a "diff --git" line. Where they have spaces, they are the same but for their first folder."""
    rest = line.removeprefix("diff --git ")
    middle = len(rest) // 2
    old, new = rest[:middle], rest[middle + 1 :]
    if len(rest) % 2 and rest[middle] == " " and old.partition("/")[2] == new.partition("/")[2] != "":
        return old, new
    match = _GIT.match(line)
    return (_name(match[1]), _name(match[2])) if match else (None, None)


def _name(text: str) -> str:
    """A name as git writes it: in quotes with C escapes when it has unusual characters."""
    text = text.strip()
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    out = bytearray()
    for plain, octal, escape in re.findall(r"([^\\]+)|\\([0-7]{1,3})|\\(.)", text[1:-1]):
        if plain:
            out += plain.encode("utf-8", "surrogateescape")
        else:
            out.append(int(octal, 8) & 255 if octal else _ESCAPES.get(escape, ord(escape) & 255))
    return out.decode("utf-8", "surrogateescape")


def _header_name(text: str) -> tuple[str | None, bool]:
    """The name in a '---' or '+++' line, and whether it says that there is no such file (diff -N: the year 1970)."""
    stamp = _STAMP.search(text)
    name = _name(text.split("\t")[0] if "\t" in text else text[: stamp.start()] if stamp else text)
    gone = name == "/dev/null" or (stamp is not None and _is_epoch(stamp))
    return (None if name == "/dev/null" else name), gone


def _is_epoch(stamp: re.Match[str]) -> bool:
    try:
        if stamp["c"]:
            return datetime.strptime(stamp["c"], "%a %b %d %H:%M:%S %Y").timestamp() == 0
        text = stamp["iso"] if stamp["iso"].count(":") == 2 else stamp["iso"] + ":00"
        if stamp["zone"]:
            return datetime.strptime(text + stamp["zone"], "%Y-%m-%d %H:%M:%S%z").timestamp() == 0
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").timestamp() == 0
    except (ValueError, OverflowError):
        return False
