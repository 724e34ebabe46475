"""The operating system's libraries: by name, for every machine of a platform, and by folder, of one machine or
sysroot."""

from __future__ import annotations

import glob
import os
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Literal

# glibc's own, which conda packages take from the system (conda's __glibc)
_LINUX = (
    "ld-linux*.so.*", "ld64.so.*", "libc.so.*", "libm.so.*", "libmvec.so.*", "libpthread.so.*", "libdl.so.*",
    "librt.so.*", "libutil.so.*", "libresolv.so.*", "libnsl.so.1", "libcrypt.so.1", "libanl.so.*", "libthread_db.so.*",
    "libBrokenLocale.so.*", "linux-vdso.so.*", "linux-gate.so.*",
)  # fmt: skip
# dyld's shared cache (on macOS 11 and later there are no such files)
_MACOS = ("/usr/lib/*", "/System/Library/Frameworks/*", "/System/Library/PrivateFrameworks/*", "/System/iOSSupport/*")
_WINDOWS_NAMES = """
activeds advapi32 advpack authz avicap32 avifil32 avrt bcrypt bcryptprimitives bthprops cabinet cfgmgr32 combase
comctl32 comdlg32 coremessaging credui crypt32 cryptbase cryptnet cryptui d2d1 d3d10 d3d10_1 d3d11 d3d12 d3d9
d3dcompiler_47 davclnt dbgeng dbghelp dcomp ddraw dhcpcsvc dinput8 dnsapi dsound dwmapi dwrite dxgi dxva2 esent evr
fwpuclnt gdi32 gdiplus glu32 hid hlink httpapi icmp imagehlp imm32 inetcomm iphlpapi kernel32 kernelbase ksuser
ktmw32 loadperf logoncli mf mfplat mfreadwrite mlang mpr mprapi msacm32 mscms mscoree msdmo msi msimg32 mswsock
msvcrt msvfw32 msxml6 ncrypt ndfapi netapi32 netutils newdev normaliz ntdll ntdsapi odbc32 odbccp32 ole32 oleacc
oleaut32 oledlg opengl32 pdh powrprof propsys psapi quartz rasapi32 rasdlg rpcrt4 rstrtmgr samcli sas schannel
secur32 security sensapi setupapi shcore shell32 shlwapi snmpapi srvcli sspicli tapi32 tdh traffic ucrtbase urlmon
user32 userenv usp10 uxtheme version virtdisk wbemuuid wer wevtapi wiaservc windowscodecs winhttp wininet winmm
winscard winspool.drv winusb wkscli wldap32 wlanapi ws2_32 wsock32 wtsapi32 xinput1_4 xinput9_1_0 xmllite xolehlp
"""
_WINDOWS = frozenset(_WINDOWS_NAMES.split())


def is_system(name: str, binary_format: str) -> bool:
    """Whether every machine that the format's packages are for has a library of this name."""
    if binary_format == "ELF":
        return any(fnmatchcase(name, pattern) for pattern in _LINUX)
    if binary_format == "Mach-O":
        return any(fnmatchcase(name, pattern) for pattern in _MACOS)
    lower = name.lower()
    if lower.startswith(("api-ms-win-", "ext-ms-win-", "ext-ms-onecore-", "api-ms-onecore-")):
        return True
    return lower.removesuffix(".dll") in _WINDOWS


class System:
    """A root file system, "/" or a sysroot, as ld.so looks into it. Read lazily; only names and first bytes."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")

    def find(self, name: str, arch: str) -> tuple[str, str]:
        """(path, which list has its folder) of a library for `arch`; ("", "") for none. ld.so(8): ld.so.conf (its cache
        is made from it), then the loader's own folders."""
        for folders, by in ((self._configured, "ld.so.conf"), (_own_folders(arch), "the loader's own folders")):
            for folder in folders:
                path = f"{folder}/{name}"
                if self.has(path, arch):
                    return path, by
        return "", ""

    def has(self, path: str, arch: str = "") -> bool:
        """Whether there is such a file (for `arch`, where it is given)."""
        full = self.root + path
        return os.path.exists(full) if not arch else elf_arch(full) == arch  # noqa: PTH110 (many of them)

    @cached_property
    def _configured(self) -> tuple[str, ...]:
        found: list[str] = []
        _read_conf(f"{self.root}/etc/ld.so.conf", self.root, found, 0)
        return tuple(dict.fromkeys(found))


def _read_conf(path: str, root: str, found: list[str], depth: int) -> None:
    """ld.so.conf: folders, one or more a line, and `include GLOB`."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            lines = stream.read().splitlines()
    except OSError:
        return
    for line in lines:
        words = line.split("#")[0].replace(",", " ").replace(":", " ").split()
        if words[:1] == ["include"] and depth < 8:
            for pattern in words[1:]:
                full = root + pattern if pattern.startswith("/") else f"{path.rpartition('/')[0]}/{pattern}"
                for more in sorted(glob.glob(full)):  # noqa: PTH207 (text in, text out)
                    _read_conf(more, root, found, depth + 1)
        elif words[:1] != ["hwcap"]:
            found += [word.rstrip("/") for word in words if word.startswith("/")]


_TRIPLETS = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu", "i386": "i386-linux-gnu",
             "ppc64le": "powerpc64le-linux-gnu", "s390x": "s390x-linux-gnu", "riscv64": "riscv64-linux-gnu",
             "arm": "arm-linux-gnueabihf"}  # fmt: skip


def _own_folders(arch: str) -> tuple[str, ...]:
    """Those that glibc looks into at last: Debian's have the architecture's name."""
    triplet = _TRIPLETS.get(arch)
    debian = (f"/lib/{triplet}", f"/usr/lib/{triplet}") if triplet else ()
    return (*debian, "/lib64", "/usr/lib64", "/lib", "/usr/lib")


_MACHINES = {
    62: "x86_64", 3: "i386", 183: "aarch64", 40: "arm", 21: "ppc64", 20: "ppc", 22: "s390x", 243: "riscv",
}  # fmt: skip


def elf_arch(path: str) -> str:
    """The architecture of an ELF file by its first 20 bytes, in the words of `objects`; "" for anything else."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123
            head = stream.read(20)
    except OSError:
        return ""
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return ""
    order: Literal["little", "big"] = "little" if head[5] == 1 else "big"
    arch = _MACHINES.get(int.from_bytes(head[18:20], order), "other")
    wide = head[4] == 2
    if arch == "ppc64" and order == "little":
        return "ppc64le"
    if arch == "riscv":
        return f"riscv{64 if wide else 32}"
    return "x32" if arch == "x86_64" and not wide else arch
