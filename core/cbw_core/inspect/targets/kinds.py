"""What a person named: a package file, a prefix, a session, a folder, a file, or a package installed in a prefix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cbw_core.errors import UsageError
from cbw_core.objects import looks_like

Kind = Literal["package", "prefix", "session", "folder", "file", "installed"]
_ARCHIVES = (".conda", ".tar.bz2", ".whl", ".tar.gz", ".tgz", ".zip", ".deb", ".rpm", ".tar", ".tar.xz", ".tar.zst")


@dataclass(frozen=True)
class Target:
    """subject: as it was given. path: the file or folder; of an installed package, its prefix. name: of that package;
    of a file in a prefix, its path there."""

    subject: str
    kind: Kind
    path: Path
    name: str = ""


def target_of(given: str, path: Path, *, prefix: Path | None) -> Target:
    """`path` is what `given` means as a path; `prefix` is where a name of a package is looked for.

    Raises UsageError(kind="target") for what is nothing of all that.
    """
    if path.is_dir():
        if (path / "ledger.json").is_file():
            return Target(given, "session", path)
        return Target(given, "prefix" if (path / "conda-meta").is_dir() else "folder", path)
    if path.is_file():
        if path.name.endswith(_ARCHIVES):
            return Target(given, "package", path)
        return _file(given, path)
    if "/" not in given and prefix is not None:
        if any(one.name.rsplit("-", 2)[0] == given for one in (prefix / "conda-meta").glob("*.json")):
            return Target(given, "installed", prefix, given)
        why = f"There is no such file, and no package of this name in {prefix}."
    else:
        why = "There is no such file or folder" + (
            ", and no prefix to look for a package in." if "/" not in given else "."
        )
    raise UsageError(
        f"there is no {given}",
        kind="target",
        why=why,
        hint="Give a package file, a prefix, a session, a folder, a file; or, with -p PREFIX, a package's name in it.",
    )


def _file(given: str, path: Path) -> Target:
    """A file in a prefix is judged with what is around it."""
    real = path.resolve()
    for folder in real.parents:
        if (folder / "conda-meta").is_dir() and folder != Path("/"):
            return Target(given, "file", folder, str(real.relative_to(folder)))
    if not looks_like(str(real)):
        raise UsageError(
            f"{given} is no package, and no program or library",
            kind="target",
            why="It is neither an archive nor an ELF, Mach-O or PE file.",
            hint="Give a package file, a prefix, a session, a folder, or a program or library.",
        )
    return Target(given, "file", real.parent, real.name)
