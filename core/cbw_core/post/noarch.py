"""`noarch: python`: files that go to another path in the package, for an installer to put where its Python wants them.

Nothing moves in the prefix (conda-build moves the files there: conda_build.noarch_python); the archive has the paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cbw_core.errors import BuildError

_LEFT_OUT = (".egg-info", ".pyc", ".pyo")


def targets(prefix: Path, files: Iterable[str], *, made_by_installer: Mapping[str, object]) -> dict[str, str]:
    """Each file to package -> its path in the package.

    .../site-packages/x becomes site-packages/x, bin/x becomes python-scripts/x, bytecode and .egg-info files are left
    out, as are the scripts of entry points (`made_by_installer`, by command): the installer writes them.
    Raises BuildError(kind="noarch") for a program in bin/ that is no text, and for two files that would meet.
    """
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for path in sorted(files):
        if path.endswith(_LEFT_OUT) or (path.startswith("bin/") and path[4:] in made_by_installer):
            continue
        target = _target(prefix, path)
        if target in taken:
            raise BuildError(
                f"{path} and {taken[target]} would both be {target} in the package",
                kind="noarch",
                hint="Remove one of them in the build script.",
            )
        found[path] = target
        taken[target] = path
    return found


def _target(prefix: Path, path: str) -> str:
    at = path.find("site-packages")
    if at >= 0:
        return path[at:]
    if not path.startswith(("bin/", "Scripts/")):
        return path
    try:
        (prefix / path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BuildError(
            f"{path} is a binary, and the package is `noarch: python`",
            kind="noarch",
            why="Scripts of such a package are text that any Python on any system runs.",
            hint="Take `noarch: python` out of the recipe, or leave the program out of the package.",
        ) from error
    except FileNotFoundError as error:
        raise BuildError(
            f"{path} is a link to nothing", kind="noarch", hint="Remove it in the build script."
        ) from error
    return "python-scripts/" + path.rpartition("/")[2]
