"""Small programs and libraries made with gcc, in a prefix with package records."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


class MadePrefix:
    """A prefix to fill: `library`, `program`, then `package` with the files that it owns."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "conda-meta").mkdir(parents=True, exist_ok=True)

    def library(self, path: str, *needs: str, flags: tuple[str, ...] = (), soname: str = "") -> str:
        """libNAME.so at `path`, with its soname (its own name where not given), linked to the files `needs`."""
        soname = soname or Path(path).name
        name = Path(path).name.split(".")[0].replace("-", "_")
        self._compile(
            path, f"int {name}_value(void) {{ return 1; }}\n", needs, ("-shared", f"-Wl,-soname,{soname}", *flags)
        )
        return path

    def program(self, path: str, *needs: str, flags: tuple[str, ...] = ()) -> str:
        self._compile(path, "int main(void) { return 0; }\n", needs, flags)
        return path

    def _compile(self, path: str, text: str, needs: tuple[str, ...], flags: tuple[str, ...]) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        source = target.with_name(f"{target.name}.c")
        source.write_text(text)
        libraries = [str(self.root / need) for need in needs]
        command = ["gcc", "-fPIC", "-o", str(target), str(source), "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined",
                   "-Wl,--unresolved-symbols=ignore-all", *flags, *libraries]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        source.unlink()

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
