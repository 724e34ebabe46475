"""conda's names of platforms (subdirs): this machine's, and what follows from a name."""

from __future__ import annotations

import platform as _platform
import sys
from dataclasses import dataclass
from functools import cache

# conda.base.constants.KNOWN_SUBDIRS
KNOWN_SUBDIRS = (
    "noarch", "emscripten-wasm32", "freebsd-64", "linux-32", "linux-64", "linux-aarch64", "linux-armv6l",
    "linux-armv7l", "linux-ppc64", "linux-ppc64le", "linux-riscv64", "linux-s390x", "osx-64", "osx-arm64",
    "wasi-wasm32", "win-32", "win-64", "win-arm64", "zos-z",
)  # fmt: skip


@dataclass(frozen=True)
class Platform:
    """A subdir taken apart: "linux-64" has os "linux" and arch "64"."""

    subdir: str

    @property
    def os(self) -> str:
        return self.subdir.split("-", 1)[0]

    @property
    def arch(self) -> str:
        return self.subdir.split("-", 1)[-1]

    @property
    def index_arch(self) -> str | None:
        """`arch` of info/index.json (conda_build.metadata.MetaData.info_index): "x86_64" for 64; None for noarch."""
        if self.subdir == "noarch":
            return None
        return {"64": "x86_64", "32": "x86"}.get(self.arch, self.arch)

    @property
    def index_platform(self) -> str | None:
        """`platform` of info/index.json; None for noarch."""
        return None if self.subdir == "noarch" else self.os

    @property
    def shared_library_suffix(self) -> str:
        return {"osx": ".dylib", "win": ".dll"}.get(self.os, ".so")


@cache
def native_subdir() -> str:
    """This machine's subdir, as conda names it ("linux-64")."""
    system = {"linux": "linux", "darwin": "osx", "win32": "win"}.get(sys.platform, sys.platform)
    machine = _platform.machine().lower()
    arch = {"x86_64": "64", "amd64": "64", "i686": "32", "i386": "32"}.get(machine, machine)
    if system == "osx" and arch == "aarch64":
        arch = "arm64"
    if system == "win" and arch == "aarch64":
        arch = "arm64"
    return f"{system}-{arch}"
