"""The members of any archive one by one, without unpacking it: for those who only look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from cbw_core.archive.entry import Entry
from cbw_core.archive.guard import Limit, damaged
from cbw_core.archive.readers import entries
from cbw_core.archive.streams import Counter, broken_stream_errors
from cbw_core.errors import CbwError, from_os_error
from cbw_core.process import Cancel


def members(archive: Path, *, limit: Limit | None = None, cancel: Cancel | None = None) -> Iterator[Entry]:
    """Every member, in the archive's order; its `data` is to be read before the next is asked for. Names and targets
    are as the archive has them: not to be trusted. Told by content, as `extract` does.

    Raises RecipeError(kind="archive") where the archive is damaged, after what could be read before that place;
    EnvironmentFailure(kind="disk"); Interrupted.
    """
    limit = limit or Limit()
    name = ""

    def look(_: str) -> None:
        if cancel is not None:
            cancel.check()

    try:
        with archive.open("rb") as raw:
            counter = Counter(archive, limit, look)
            for entry in entries(raw, archive, limit, counter):
                name = entry.name
                counter.member(name)
                if entry.data is not None:
                    entry.data = cast(IO[bytes], _Data(entry.data, archive, name))
                yield entry
    except CbwError:
        raise
    except RecursionError as error:
        raise damaged(archive, "Its folders are nested too deep.", name or None) from error
    except broken_stream_errors() as error:
        raise _told(error, archive, name) from error


class _Data:
    """A member's content; damage found while it is read is told as that of the archive."""

    def __init__(self, inner: IO[bytes], archive: Path, name: str) -> None:
        self._inner, self._archive, self._name = inner, archive, name

    def read(self, size: int = -1) -> bytes:
        try:
            return self._inner.read(size)
        except CbwError:
            raise
        except broken_stream_errors() as error:
            raise _told(error, self._archive, self._name) from error


def _told(error: Exception, archive: Path, name: str) -> CbwError:
    """Decompressors raise OSError as disks do: those of a disk have an errno."""
    if isinstance(error, OSError) and error.errno is not None:
        return from_os_error(error, f"reading {archive.name}")
    why = str(error) or type(error).__name__
    return damaged(archive, f"The data is cut off or damaged: {why}.", name or None)
