"""What readelf and LLVM's objdump say of a program or library, in the words of `cbw_core.objects`."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_MACHINES = {"Advanced Micro Devices X86-64": "x86_64", "AArch64": "aarch64", "Intel 80386": "i386"}
_CPUS = {"X86_64": "x86_64", "ARM64": "arm64", "I386": "i386"}
_COFF = {"x86-64": "x86_64", "i386": "i386", "arm64": "arm64"}


@dataclass(frozen=True)
class Said:
    arch: str
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()


def missing_tools() -> str:
    return ", ".join(tool for tool in ("readelf", "llvm-objdump") if shutil.which(tool) is None)


def said_of(file: Path, binary_format: str) -> tuple[Said, ...]:
    return {"ELF": _elf, "Mach-O": _macho, "PE": _pe}[binary_format](file)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout


def _elf(file: Path) -> tuple[Said, ...]:
    text = _run("readelf", "-hdW", str(file))
    machine = re.search(r"Machine:\s+(.+)", text)
    soname = re.search(r"\(SONAME\)\s+Library soname: \[(.*)\]", text)

    def entries(tag: str) -> tuple[str, ...]:
        return tuple(e for found in re.findall(rf"\({tag}\)\s+Library \w+: \[(.*)\]", text) for e in found.split(":"))

    return (
        Said(
            _MACHINES[machine[1].strip()] if machine else "",
            soname[1] if soname else "",
            tuple(re.findall(r"\(NEEDED\)\s+Shared library: \[(.*)\]", text)),
            entries("RPATH"),
            entries("RUNPATH"),
        ),
    )


def _macho(file: Path) -> tuple[Said, ...]:
    text = _run("llvm-objdump", "--macho", "--private-headers", "--arch=all", str(file))
    found = []
    for part in re.split(r"^Mach header$", text, flags=re.M)[1:]:
        cpu = re.search(r"MH_MAGIC\w*\s+(\w+)", part)
        needed: list[str] = []
        rpath: list[str] = []
        soname = ""
        for command in re.split(r"^Load command \d+$", part, flags=re.M)[1:]:
            kind = re.search(r"cmd (\w+)", command)
            name = re.search(r"^\s+(?:name|path) (.+) \(offset \d+\)", command, flags=re.M)
            word = kind[1] if kind else ""
            if name and word == "LC_ID_DYLIB":
                soname = name[1]
            elif name and word == "LC_RPATH":
                rpath.append(name[1])
            elif name and word.endswith("_DYLIB"):
                needed.append(name[1])
        found.append(Said(_CPUS[cpu[1]] if cpu else "", soname, tuple(needed), tuple(rpath)))
    return tuple(found)


def _pe(file: Path) -> tuple[Said, ...]:
    text = _run("llvm-objdump", "-p", str(file))
    arch = re.search(r"file format coff-(\S+)", text)
    soname = re.search(r"^ DLL name: (.+)", text, flags=re.M)
    return (
        Said(
            _COFF[arch[1]] if arch else "",
            soname[1].strip() if soname else "",
            tuple(name.strip() for name in re.findall(r"^\s+DLL Name: (.+)", text, flags=re.M)),
        ),
    )
