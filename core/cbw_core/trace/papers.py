"""The files a traced bash reads: its prelude, what it decides by, and the script itself with the text put behind it."""

from __future__ import annotations

import contextlib
import shlex
import shutil
from importlib.resources import files
from pathlib import Path

from cbw_core.errors import from_os_error
from cbw_core.trace.model import Target

_ALONE = "builtin unset BASH_ENV\n__cbw_up= __cbw_base=0 __cbw_bsub=0 __cbw_follow=0 __cbw_flags="


def write_prelude(folder: Path, target: Target, *, follow: bool) -> None:
    """prelude.sh, which BASH_ENV names."""
    errtrace = "errtrace" in target.text or any(
        "E" in word for word in target.text.split() if word.startswith("-") and word[1:].isalpha()
    )
    ours = files("cbw_core.trace")
    head = [
        (ours / "follow.sh").read_text() if follow else _ALONE,
        f"builtin declare -r __cbw_d={shlex.quote(str(folder))}; __cbw_main={shlex.quote(str(target.script))}",
        f"__cbw_e={int(errtrace)}",
    ]
    text = "\n".join([*head, (ours / "prelude.sh").read_text()])
    (folder / "prelude.sh").write_text(text, encoding="utf-8", errors="surrogateescape")


def write_state(folder: Path, text: str, serial: int) -> None:
    """state.sh, and behind it its number, by which a shell sees that it is another one. Raises CbwError."""
    _write(folder / "state.sh", text)
    _write(folder / "gen", f"{serial}\n")


def forget_notes(folder: Path) -> None:
    """What an earlier run has noted: how often breakpoints were passed and which files they saw; where each followed
    script stood."""
    for pattern in ("passed.*", "files.*", "at.*", "main"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def passed_by(folder: Path, key: str) -> int:
    """How often a breakpoint that ignores hits was passed, in all processes of the run."""
    try:
        return (folder / f"passed.{key}").stat().st_size
    except FileNotFoundError:
        return 0


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8", errors="surrogateescape")
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)  # on a full disk what was begun takes room
        raise from_os_error(error, "telling the script's shell") from error


class ScriptFile:
    """The very file that bash reads its script from. Raises CbwError when it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("rb+", buffering=0)  # what a full disk refuses must not be written later
        except OSError as error:
            raise from_os_error(error, f"opening {path}") from error

    def set_aside(self) -> None:
        """bash has opened its script: from now on that file is ours to write behind, and at its path lies a copy, which
        a person may edit as they like. Raises OSError."""
        copy = self._path.with_name(f".{self._path.name}.copy")
        shutil.copy2(self._path, copy)
        copy.replace(self._path)

    def append(self, text: str) -> None:
        """Put a text behind the script's end, whole or not at all. Raises CbwError."""
        end = self._file.seek(0, 2)
        data = memoryview(text.encode("utf-8", "surrogateescape"))
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            self._file.truncate(end)
            raise from_os_error(error, f"writing {self._path}") from error

    def close(self) -> None:
        self._file.close()
