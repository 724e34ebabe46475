"""What bash's `declare -p` prints, read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cbw_core.trace.model import Variable

_HEAD = re.compile(r"^declare (-\S+) ([A-Za-z_][A-Za-z0-9_]*)(=?)", re.MULTILINE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v",
            "\\": "\\", "'": "'", '"': '"', "?": "?"}  # fmt: skip
_CODE = re.compile(r"[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}")


def variables(text: str) -> Iterator[Variable]:
    """The variables of a `declare -p`, in its order; lines that declare no variable are left out."""
    at = 0
    while (head := _HEAD.search(text, at)) is not None:
        flags, name = head[1], head[2]
        at = head.end()
        value: str | tuple[tuple[str, str], ...] | None = None
        if head[3]:
            value, at = _array(text, at) if text.startswith("(", at) else _word(text, at)
        kind = next((letter for letter in "aAn" if letter in flags), "")
        yield Variable(name, value, "x" in flags, "r" in flags, "i" in flags, kind=kind, letters=flags.strip("-"))
        newline = text.find("\n", at)
        if newline < 0:
            return
        at = newline + 1


def _array(text: str, at: int) -> tuple[tuple[tuple[str, str], ...], int]:
    rows: list[tuple[str, str]] = []
    at += 1
    while at < len(text) and text[at] != ")":
        if text[at] != "[":
            at += 1
            continue
        key, at = _key(text, at + 1)
        value, at = _word(text, at + 2)  # behind "]="
        rows.append((key, value))
    return tuple(rows), at + 1


def _key(text: str, at: int) -> tuple[str, int]:
    if text[at] in "\"$'":
        return _word(text, at)
    end = text.index("]", at)
    return text[at:end], end


def _word(text: str, at: int) -> tuple[str, int]:
    """A value, quoted in one of bash's ways, and where it ends."""
    if text.startswith("$'", at):
        return _ansi(text, at + 2)
    if text.startswith('"', at):
        out, at = [], at + 1
        while at < len(text) and text[at] != '"':
            at += text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\", "$", "`")
            out.append(text[at])
            at += 1
        return "".join(out), at + 1
    end = re.compile(r"[\s)]").search(text, at)
    stop = end.start() if end else len(text)
    return text[at:stop], stop


def _ansi(text: str, at: int) -> tuple[str, int]:
    out: list[str] = []
    while at < len(text) and text[at] != "'":
        if text[at] != "\\":
            out.append(text[at])
            at += 1
        elif (code := _CODE.match(text, at + 1)) is not None:
            digits = code[0]
            out.append(chr(int(digits[1:], 16)) if digits[0] in "xuU" else chr(int(digits, 8) & 0xFF))
            at = code.end()
        else:
            out.append(_ESCAPES.get(text[at + 1], text[at : at + 2]))
            at += 2
    return "".join(out), at + 1
