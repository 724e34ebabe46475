"""Wheels made on the spot and commands that must end well, for the tests of the host channel."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

GLIBC = os.confstr("CS_GNU_LIBC_VERSION").split()[-1]  # type: ignore[union-attr]
Installer = Callable[..., list[str]]


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, str] | None = None,
    *,
    tag: str = "py3-none-any",
    requires: Sequence[str] = (),
    entry_points: str = "",
    metadata: str = "",
) -> Path:
    """A wheel of `files` (name in the wheel -> text), correct to its RECORD."""
    folder.mkdir(parents=True, exist_ok=True)
    underscored = name.replace("-", "_")
    info = f"{underscored}-{version}.dist-info"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.8\n{metadata}"]
    lines += [f"Requires-Dist: {line}\n" for line in requires]
    content = dict(files if files is not None else {f"{underscored}.py": f"version = {version!r}\n"})
    content[f"{info}/METADATA"] = "".join(lines)
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
    if entry_points:
        content[f"{info}/entry_points.txt"] = entry_points
    record = ""
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    content[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    target = folder / f"{underscored}-{version}-{tag}.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return target


def run(argv: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """The output of a command that must end well."""
    clean = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **(env or {})}
    done = subprocess.run(list(map(str, argv)), env=clean, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
