"""A session folder with prefixes, in which tests put what a build would have made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.events import Recorder
from cbw_core.layout import Layout
from cbw_core.post import PostResult, process
from cbw_core.process import Cancel
from cbw_core.render.output import Output, Requirements


@dataclass
class Built:
    """A build that has just ended. `owned`: files of installed packages; everything else in the prefix is new."""

    layout: Layout
    config: Config
    recipe: Path
    owned: dict[str, str] = field(default_factory=dict)
    recorder: Recorder = field(default_factory=Recorder)

    @property
    def prefix(self) -> Path:
        return self.layout.host_prefix

    def write(self, path: str, data: str | bytes = "", mode: int = 0o644, *, of: str = "") -> Path:
        """A file in the host prefix; `of`: the dist of the installed package it belongs to."""
        file = self.prefix / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        file.chmod(mode)
        if of:
            self.owned[path] = of
        return file

    def link(self, path: str, text: str) -> None:
        (self.prefix / path).parent.mkdir(parents=True, exist_ok=True)
        (self.prefix / path).symlink_to(text)

    def gcc(self, path: str, *flags: str, code: str = "int answer(void) { return 42; }") -> Path:
        """A small shared library (or with other flags, whatever gcc makes) in the host prefix."""
        source = self.layout.root / "code.c"
        source.write_text(code)
        target = self.write(path)
        subprocess.run(["gcc", "-o", str(target), str(source), *flags], check=True)
        return target

    def output(self, **changes: Any) -> Output:
        build = changes.pop("build", {})
        values: dict[str, Any] = {
            "recipe_dir": str(self.recipe),
            "recipe_file": str(self.recipe / "meta.yaml"),
            "name": "thing",
            "version": "1.0",
            "build_string": "0",
            "subdir": "linux-64",
            "host_subdir": "linux-64",
            "build_subdir": "linux-64",
            "meta": {"package": {"name": "thing", "version": "1.0"}, "build": build},
            "requirements": Requirements(),
        }
        return Output(**{**values, **changes})

    def files(self) -> list[str]:
        found = []
        for root, folders, files in os.walk(self.prefix):
            names = [*files, *(name for name in folders if Path(root, name).is_symlink())]
            found += [str(Path(root, name).relative_to(self.prefix)) for name in names]
        return sorted(found)

    def new_files(self) -> list[str]:
        return [path for path in self.files() if path not in self.owned]

    def process(self, output: Output | None = None, new_files: list[str] | None = None, **changes: Any) -> PostResult:
        return process(
            output or self.output(**changes),
            self.layout,
            self.config,
            new_files=self.new_files() if new_files is None else new_files,
            owned=self.owned,
            sink=self.recorder,
            cancel=Cancel(),
        )

    def verdicts(self, what: str) -> list[str]:
        return [event.file for event in self.recorder.events if getattr(event, "what", None) == what]


def new_build(folder: Path) -> Built:
    """A session folder in `folder`/croot, its prefixes empty, beside it a folder for a recipe."""
    layout = Layout(folder / "croot" / "debug_1")
    for path in (layout.work, layout.host_prefix, layout.build_prefix, folder / "recipe"):
        path.mkdir(parents=True)
    config = Config(croot=folder / "croot", cache=folder / "cache", state=folder / "state")
    return Built(layout, config, folder / "recipe")


def snapshot(prefix: Path) -> Mapping[str, tuple[int, bytes | str]]:
    """Every file and link: mode, and bytes or target."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for root, folders, files in os.walk(prefix):
        for name in (*files, *folders):
            path = Path(root, name)
            if path.is_symlink():
                found[str(path)] = (0, str(path.readlink()))
            elif path.is_file():
                found[str(path)] = (path.stat().st_mode, path.read_bytes())
    return found
