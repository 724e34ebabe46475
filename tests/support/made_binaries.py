"""Small programs and libraries made with gcc, in a prefix with package records."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path


class MadePrefix:
    """A prefix to fill: `library`, `program`, then `package` with the files that it owns."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "conda-meta").mkdir(parents=True, exist_ok=True)

    def library(self, path: str, *needs: str, flags: tuple[str, ...] = (), soname: str = "") -> str:
        """A library at `path`, with its soname (its file's name where not given), linked to the files `needs`."""
        self._link(path, _object("library"), needs, ("-shared", f"-Wl,-soname,{soname or Path(path).name}", *flags))
        return path

    def program(self, path: str, *needs: str, flags: tuple[str, ...] = ()) -> str:
        self._link(path, _object("program"), needs, flags)
        return path

    def _link(self, path: str, compiled: str, needs: tuple[str, ...], flags: tuple[str, ...]) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        libraries = [str(self.root / need) for need in needs]
        always = ["-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined", "-Wl,--unresolved-symbols=ignore-all"]
        command = ["gcc", "-o", str(target), compiled, *always, *flags, *libraries]
        subprocess.run(command, check=True, capture_output=True)

    def link(self, path: str, target: str) -> str:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).symlink_to(target)
        return path

    def package(self, name: str, *files: str, depends: tuple[str, ...] = (), version: str = "1.0") -> str:
        """A record that owns `files`; gives the dist."""
        record = {"name": name, "version": version, "build": "h0_0", "build_number": 0, "depends": list(depends),
                  "files": list(files)}  # fmt: skip
        (self.root / "conda-meta" / f"{name}-{version}-h0_0.json").write_text(json.dumps(record))
        return f"{name}-{version}-h0_0"


_SOURCES = {"library": "int made_value(void) { return 1; }\n", "program": "int main(void) { return 0; }\n"}


@cache
def _object(kind: str) -> str:
    """Compiled once, linked many times."""
    folder = Path(tempfile.mkdtemp(prefix="made-binaries-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / f"{kind}.c").write_text(_SOURCES[kind])
    target = folder / f"{kind}.o"
    subprocess.run(["gcc", "-fPIC", "-c", "-o", str(target), str(folder / f"{kind}.c")], check=True)
    return str(target)
