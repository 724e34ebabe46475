"""Build tools that recipes ask for and the machine has, each as a package of scripts that start them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from cbw_core.env.host.shim import shim, version_of
from cbw_core.env.host.stage import HostPackage

# As conda's own pkg-config: only what is in the environment (and PKG_CONFIG_PATH) is found.
_PKG_CONFIG = """\
_prefix=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
export PKG_CONFIG_LIBDIR="${PKG_CONFIG_LIBDIR-${_prefix}/lib/pkgconfig:${_prefix}/share/pkgconfig}"
"""


@dataclass(frozen=True)
class Tool:
    """A tool by conda's name. programs: what its package holds, the first decides whether it is there."""

    name: str
    programs: tuple[str, ...]
    license: str
    setup: str = ""


TOOLS = (
    Tool(
        "autoconf",
        ("autoconf", "autoheader", "autom4te", "autoreconf", "autoscan", "autoupdate", "ifnames"),
        "GPL-3.0-or-later",
    ),
    Tool("automake", ("automake", "aclocal"), "GPL-2.0-or-later"),
    Tool("bison", ("bison", "yacc"), "GPL-3.0-or-later"),
    Tool("cmake", ("cmake", "cpack", "ctest"), "BSD-3-Clause"),
    Tool("flex", ("flex", "flex++"), "BSD-2-Clause"),
    Tool("git", ("git",), "GPL-2.0-or-later"),
    Tool("libtool", ("libtoolize", "libtool"), "GPL-2.0-or-later"),
    Tool("m4", ("m4",), "GPL-3.0-or-later"),
    Tool("make", ("make", "gmake"), "GPL-3.0-or-later"),
    Tool("patch", ("patch",), "GPL-3.0-or-later"),
    Tool("perl", ("perl",), "GPL-1.0-or-later OR Artistic-1.0-Perl"),
    Tool("pkg-config", ("pkg-config",), "GPL-2.0-or-later", _PKG_CONFIG),
    Tool("swig", ("swig",), "GPL-3.0-or-later"),
)


def find_tools() -> dict[str, str]:
    """The programs of TOOLS that this machine has, by name, absolute paths."""
    names = {program for tool in TOOLS for program in tool.programs}
    return {name: path for name in sorted(names) if (path := shutil.which(name))}


def tool_packages(programs: dict[str, str], subdir: str) -> Iterator[HostPackage]:
    """A package for each tool whose first program is among `programs` and tells its version."""
    for tool in TOOLS:
        first = programs.get(tool.programs[0])
        version = version_of(first, "--version") if first else None
        if first is None or version is None:
            continue
        present = {program: programs[program] for program in tool.programs if program in programs}
        yield HostPackage(
            name=tool.name,
            version=version,
            build="0",
            subdir=subdir,
            summary=f"{tool.name} {version} of this machine",
            description="Scripts that start the program where it is; libraries and data files stay there.",
            made_from=tuple(present.values()),
            license=tool.license,
            files=tuple(shim(f"bin/{name}", path, tool.setup) for name, path in present.items()),
        )
