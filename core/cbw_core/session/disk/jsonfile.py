"""JSON files of a session, written so that nobody ever reads half of one."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from cbw_core.errors import Place, UsageError, from_os_error


def write(path: Path, data: Any, *, indent: int | None = None) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half, also after a power cut."""
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # channels may carry tokens
        with os.fdopen(descriptor, "w") as stream:
            stream.write(json.dumps(data, indent=indent, default=str))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, path)  # noqa: PTH105
    except OSError as error:
        raise from_os_error(error, f"writing {path}") from error
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> Any:
    """The data in a file; None when there is no such file. UsageError(kind="session") when it cannot be understood."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UsageError(
            f"{path.name} of the session is damaged",
            kind="session",
            place=Place(str(path)),
            why=str(error),
            hint="Something else than cbw wrote to it. Remove it, then `cbw run PHASE` makes it anew.",
        ) from error
