"""A recipe's file read and written again with every byte that was not edited."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cbw_core.errors import Place, RecipeError, from_os_error


def read_exactly(path: Path) -> str:
    """A recipe's text such that `write_exactly` of it gives the same bytes. Raises RecipeError for UTF-16."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RecipeError(
            f"{path.name} is UTF-16; only UTF-8 is edited",
            kind="edit",
            place=Place(str(path)),
            hint="Save it as UTF-8 first.",
        )
    return data.decode("utf-8", "surrogateescape")


def write_exactly(path: Path, text: str) -> None:
    """Replace a file's text at once, its mode kept; a link stays one."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o644
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(text.encode("utf-8", "surrogateescape"))
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise from_os_error(error, f"writing {path.name}") from error
