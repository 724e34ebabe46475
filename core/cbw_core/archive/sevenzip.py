""".7z archives, through py7zr where it is installed; refused by name where it is not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cbw_core.archive.guard import clean_name, damaged, refused
from cbw_core.errors import EnvironmentFailure, Place

if TYPE_CHECKING:
    from cbw_core.archive.entry import Entry
    from cbw_core.archive.streams import Counter


def entries_of_7z(archive: Path, counter: Counter) -> Iterator[Entry]:
    """The members of a .7z. It is unpacked to a folder of its own first: the format has no order to read it in."""
    import tempfile

    try:
        library = import_module("py7zr")
    except ImportError as error:
        raise EnvironmentFailure(
            f"{archive.name} is a .7z archive, which needs the library py7zr",
            kind="missing-tool",
            place=Place(str(archive)),
            hint="pip install py7zr (into the Python that runs cbw), or use another archive of the same source.",
        ) from error
    with tempfile.TemporaryDirectory(prefix="cbw-7z-") as folder:
        links = _unpack(library, archive, Path(folder), counter)
        yield from _walk(Path(folder), links, archive)


def _unpack(library: Any, archive: Path, folder: Path, counter: Counter) -> set[str]:
    """Unpack what the list of members allows. Returns the names of links."""
    links = set()
    try:
        with library.SevenZipFile(archive, "r") as opened:
            if opened.needs_password():
                raise refused(archive, archive.name, "is encrypted")
            for info in opened.list():
                clean_name(archive, info.filename)
                counter.member(info.filename)
                counter.add(info.uncompressed or 0)
                if getattr(info, "is_symlink", False):
                    links.add(info.filename)
            opened.extractall(folder)
    except (library.exceptions.ArchiveError, EOFError, ValueError) as error:
        raise damaged(archive, f"The 7z is damaged, or uses what is not supported: {error}.") from error
    return links


def _walk(folder: Path, links: set[str], archive: Path) -> Iterator[Entry]:
    from cbw_core.archive.entry import Entry

    for where, folders, files in os.walk(folder):
        for name in sorted(folders + files):
            path = Path(where, name)
            told = path.lstat()
            shown = path.relative_to(folder).as_posix()
            mode = stat.S_IMODE(told.st_mode)
            if path.is_symlink():
                yield Entry(shown, "symlink", 0o777, told.st_mtime, str(path.readlink()))
            elif path.is_dir():
                yield Entry(shown, "dir", mode, told.st_mtime)
            elif shown in links:  # py7zr made a file of it
                raise refused(archive, shown, "is a link that cannot be made")
            else:
                data: IO[bytes]
                with path.open("rb") as data:
                    yield Entry(shown, "file", mode, told.st_mtime, "", data)
