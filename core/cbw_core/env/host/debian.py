"""A Debian-style system Python (/usr) turned back into one that lives in a prefix of its own.

Debian and its derivatives let their Python install to /usr/local/lib/pythonX.Y/dist-packages, search dist-packages
folders, and keep the platform's headers and libraries in folders named after the platform. What is changed here is
what they changed, in the copy; a file that is not the way it is known to be is refused rather than guessed at.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from cbw_core.env.host.interpreter import Interpreter
from cbw_core.env.host.stage import PLACEHOLDER
from cbw_core.errors import EnvironmentFailure, Place

# A scheme that only Debian's sysconfig has.
SCHEME = "posix_local"

# The distribution's own hooks: they install elsewhere, forbid pip, and report crashes.
_REMOVED = ("EXTERNALLY-MANAGED", "sitecustomize.py", "_distutils_system_mod.py")
_VIRTUAL = 'sys.base_prefix != sys.prefix or hasattr(sys, "real_prefix")'
# In a virtual environment Debian's sysconfig behaves as upstream's does: this is where it asks.
_SYSCONFIG = ("sysconfig.py", "sysconfig/__init__.py")
_ASKS = f"    if {_VIRTUAL}:\n"
# Its `site` is compiled into the interpreter and knows dist-packages folders only; this runs right after it.
_SITECUSTOMIZE = """\
# Written by cbw's host channel: this distribution's `site` does not search site-packages.
import site
import sys

site.addsitedir(f"{{sys.prefix}}/{site_packages}")
"""
_PATHS = (
    "BINDIR", "BINLIBDEST", "CONFINCLUDEDIR", "CONFINCLUDEPY", "DESTLIB", "DESTSHARED", "INCLUDEDIR", "INCLUDEPY",
    "LIBDEST", "LIBDIR", "LIBPC", "LIBPL", "MACHDESTLIB", "MANDIR", "SCRIPTDIR", "datarootdir", "exec_prefix", "prefix",
)  # fmt: skip


def adapt(interpreter: Interpreter, folder: Path) -> None:
    """Change the copy of a Debian-style Python in `folder` so that it works in any prefix.

    Raises EnvironmentFailure(kind="host-channel") where a file of the distribution is not as expected.
    """
    library = folder / interpreter.lib
    for name in _REMOVED:
        (library / name).unlink(missing_ok=True)
    _edit_sysconfig(interpreter, library)
    (library / "sitecustomize.py").write_text(_SITECUSTOMIZE.format(site_packages=interpreter.site_packages))
    _bring_platform_files(interpreter, folder)
    for path in sorted(library.glob("_sysconfigdata*.py")):
        if not path.is_symlink():
            path.write_text(_without_usr(path.read_text(), interpreter.multiarch))


def _edit_sysconfig(interpreter: Interpreter, library: Path) -> None:
    """Let it install to lib/pythonX.Y/site-packages."""
    path = next((library / name for name in _SYSCONFIG if (library / name).is_file()), library / _SYSCONFIG[0])
    text = path.read_text() if path.is_file() else ""
    if text.count(_ASKS) != 1:
        original = interpreter.prefix / interpreter.lib / path.relative_to(library)
        raise EnvironmentFailure(
            f"the host channel cannot be made from {interpreter.executable}: the distribution has changed {path.name}",
            kind="host-channel",
            place=Place(str(original)),
            why="Where it installs packages is patched in a way that is not known here.",
            hint="Run cbw with a CPython that lives in a folder of its own (pyenv, uv), or use a conda channel.",
        )
    path.write_text(text.replace(_ASKS, "    if True:\n"))


def _bring_platform_files(interpreter: Interpreter, folder: Path) -> None:
    """pyconfig.h, libpython and the .pc files, from the folders named after the platform."""
    include = f"include/python{interpreter.short}"
    header = interpreter.prefix / "include" / interpreter.multiarch / f"python{interpreter.short}" / "pyconfig.h"
    if not header.is_file():
        raise EnvironmentFailure(
            f"{header} is missing, so no host channel can be made from {interpreter.executable}",
            kind="host-channel",
            hint=f"Run: apt-get install python{interpreter.short}-dev",
        )
    shutil.copy(header, folder / include / "pyconfig.h")
    libraries = interpreter.prefix / "lib" / interpreter.multiarch
    (folder / "lib/pkgconfig").mkdir(parents=True, exist_ok=True)
    for path in sorted(libraries.glob(f"libpython{interpreter.short}.so.*")):
        if not path.is_symlink():
            shutil.copy(path, folder / "lib" / path.name)
            soname = re.sub(r"(\.so\.\d+).*", r"\1", path.name)
            for link in (soname, f"libpython{interpreter.short}.so"):
                if link != path.name:
                    (folder / "lib" / link).unlink(missing_ok=True)
                    (folder / "lib" / link).symlink_to(path.name)
    for path in sorted((libraries / "pkgconfig").glob(f"python-{interpreter.short}*.pc")):
        text = re.sub(r"^prefix=.*", f"prefix={PLACEHOLDER}", path.read_text(), flags=re.MULTILINE)
        (folder / "lib/pkgconfig" / path.name).write_text(text.replace(f"/{interpreter.multiarch}", ""))
    for config in (folder / interpreter.lib).glob("config-*"):
        for path in config.glob("libpython*"):
            path.unlink()


def _without_usr(text: str, multiarch: str) -> str:
    """The paths of a _sysconfigdata module below the placeholder instead of /usr; TZPATH and programs stay."""

    def changed(match: re.Match[str]) -> str:
        return match[1] + PLACEHOLDER + match[2].replace(f"/lib/{multiarch}", "/lib") + match[3]

    keys = "|".join(_PATHS)
    return re.sub(rf"^( ?'(?:{keys})': ')/usr((?:/[^'\n]*)?)(',?)$", changed, text, flags=re.MULTILINE)
