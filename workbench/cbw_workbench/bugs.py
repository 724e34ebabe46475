"""An exception nobody foresaw: kept in a file, told in a line."""

from __future__ import annotations

import platform
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from cbw_core import __version__
from cbw_core.config import Config
from cbw_core.errors import CbwError, from_os_error, is_of_the_system


class Bug(CbwError):
    """An exception nobody foresaw. Exit status 70 (EX_SOFTWARE of sysexits.h)."""

    exit_status = 70
    default_kind = "bug"


def bug_error(error: Exception, words: Sequence[str]) -> CbwError:
    """The error to show for `error`, of kind "bug"; `words` are the command's. What the machine refused (a full disk, a
    missing right) is no bug and told as that.

    Its traceback is in a file in the state folder, or in `details` where that cannot be written.
    """
    if isinstance(error, OSError) and is_of_the_system(error):
        return from_os_error(error, f"cbw {words[0]}" if words else "cbw")
    trace = "".join(traceback.format_exception(error))
    about = f"cbw {__version__}, Python {platform.python_version()}, {platform.platform()}\ncbw {' '.join(words)}\n\n"
    file = Config.load().state / "bugs" / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(about + trace, encoding="utf-8", errors="backslashreplace")
        hint, details = f"Please report it with {file}.", None
    except OSError:
        hint, details = "Please report it with the lines above.", trace
    return Bug(
        f"this is a bug in cbw: {type(error).__name__}: {error}",
        why=f"raised at {raised_at(error)}",
        hint=hint,
        details=details,
    )


def raised_at(error: Exception) -> str:
    """The innermost place of the traceback: "file.py:12"."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else Path(sys.argv[0]).name
