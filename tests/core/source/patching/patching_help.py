"""What the tests of the patch engine share."""

from __future__ import annotations

import difflib
from pathlib import Path

from cbw_core.source import patching


def content(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_bytes().decode()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def worked_out(root: Path, text: str, level: int | None = None) -> patching.Outcome:
    data = text.encode()
    patches = patching.parse(data)
    guessed, _ = patching.guess_strip_level(data, patches, root)
    return patching.apply(patches, root, guessed if level is None else level)


def applied(root: Path, text: str, level: int | None = None) -> patching.Outcome:
    outcome = worked_out(root, text, level)
    assert outcome.fits, patching.explain(outcome)
    outcome.write()
    return outcome


def diff(old: str, new: str, name: str = "f", context: int = 3) -> str:
    """A unified diff, with the marks for a missing newline."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{name}", f"b/{name}", n=context
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


NUMBERS = "".join(f"{i}\n" for i in range(1, 31))
