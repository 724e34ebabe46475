"""What makes a package that does not install, or not everywhere: found before it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from cbw_core.errors import BuildError
from cbw_core.events import Note, Sink
from cbw_core.render.output import Output

_NOT_ON_WINDOWS = set('<>:"|?*\\')
# names of devices there, whatever suffix they have
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def check_names(output: Output, targets: Sequence[str], sink: Sink) -> None:
    """Raise BuildError(kind="names") for paths that no installer can make; warn of paths that only some can.

    Errors: a line break (info/files has a path a line), bytes that are no UTF-8, .. in a path, a file that is also a
    folder. Warnings: paths that differ by case only (one of them is lost on macOS and Windows), and for noarch
    packages names that Windows does not allow.
    """
    wrong = [path for path in targets if not _possible(path)]
    files = set(targets)
    wrong += [path for path in targets if any(parent in files for parent in _parents(path))]
    if wrong:
        raise BuildError(
            f"{wrong[0]!r} is a name that cannot be installed",
            kind="names",
            why="It has a line break, is no UTF-8, leads out of the prefix, or lies in what is a file as well.",
            hint="Rename the file in the build script, or leave it out.",
            details="\n".join(map(repr, wrong)) if len(wrong) > 1 else None,
        )
    for paths in _collisions(targets):
        sink(Note(f"paths that differ only by case: {', '.join(paths)}", "warning", "package"))
    if output.noarch:
        for path in targets:
            if _NOT_ON_WINDOWS & set(path) or any(map(_is_odd_on_windows, path.split("/"))):
                sink(Note(f"{path!r} cannot be installed on Windows, and the package is noarch", "warning", "package"))


def _is_odd_on_windows(part: str) -> bool:
    return part.endswith((".", " ")) or part.split(".")[0].rstrip().lower() in _DEVICES


def _possible(path: str) -> bool:
    if "\n" in path or "\r" in path or path.startswith("/") or not {"", ".", ".."}.isdisjoint(path.split("/")):
        return False
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parents(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _collisions(targets: Sequence[str]) -> list[list[str]]:
    by_case: defaultdict[str, list[str]] = defaultdict(list)
    for path in targets:
        by_case[path.casefold()].append(path)
    return [sorted(paths) for _, paths in sorted(by_case.items()) if len(paths) > 1]
