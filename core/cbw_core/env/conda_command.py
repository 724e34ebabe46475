"""`conda list` for tests, where no conda is installed: conda-build runs tests with its own conda on PATH, and recipes
ask it which packages are there. Nothing else of conda is answered."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_HEAD = "# packages in environment at {prefix}:\n#\n# {:<23}  {:>15} {:>15}  Channel"


def needed(path: str | None) -> bool:
    """Whether PATH has no conda."""
    return shutil.which("conda", path=path or os.defpath) is None


def write(folder: Path) -> Path:
    """Write a program `conda` into `folder`, which is to be put at the end of PATH; its path."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r}); "
        "from cbw_core.env.conda_command import main; sys.exit(main(sys.argv[1:]))"
    )
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "conda"
    file.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-I", "-c", code])} "$@"\n')
    file.chmod(0o755)
    return file


def main(arguments: Sequence[str]) -> int:
    """The program: `conda list [-p PREFIX] [-f] [--canonical | --export | --json] [REGEX]`; its exit status."""
    import argparse

    if not arguments or arguments[0] != "list":
        sys.stderr.write(
            f"conda {shlex.join(arguments)}: there is no conda on PATH; in its place cbw answers `conda list` alone, "
            "for the tests of recipes. Install conda to have the rest.\n"
        )
        return 1
    parser = argparse.ArgumentParser(prog="conda list", description="The packages of a prefix.")
    parser.add_argument("regex", nargs="?", default="")
    parser.add_argument("-p", "--prefix", default=os.environ.get("CONDA_PREFIX") or os.environ.get("PREFIX"))
    parser.add_argument("-f", "--full-name", action="store_true")
    forms = parser.add_mutually_exclusive_group()
    for names in (("-c", "--canonical"), ("-e", "--export"), ("--json",)):
        forms.add_argument(*names, action="store_true")
    told = parser.parse_args(arguments[1:])
    if not told.prefix or not Path(told.prefix).is_dir():
        sys.stderr.write(f"conda list: there is no environment at {told.prefix}\n")
        return 1
    pattern = re.compile(f"^{told.regex}$" if told.full_name else told.regex, re.IGNORECASE)
    rows = [row for row in packages(Path(told.prefix)) if pattern.search(row["name"])]
    form = next((name for name in ("canonical", "export", "json") if getattr(told, name)), "")
    sys.stdout.write(text(Path(told.prefix), rows, form) + "\n")
    return 0


def packages(prefix: Path) -> list[Mapping[str, Any]]:
    """The records of conda-meta, by name."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in (prefix / "conda-meta").glob("*.json")]
    return sorted(found, key=lambda row: str(row["name"]))


def text(prefix: Path, rows: Sequence[Mapping[str, Any]], form: str = "") -> str:
    """As conda prints them; form: "canonical", "export", "json" or "" (a table)."""
    if form == "canonical":
        return "\n".join(f"{_channel(r)}/{r.get('subdir')}::{_dist(r)}" for r in rows)
    if form == "export":
        return "\n".join(f"{r['name']}={r['version']}={r['build']}" for r in rows)
    if form == "json":
        return json.dumps([_object(row) for row in rows], indent=2)
    lines = [_HEAD.format("Name", "Version", "Build", prefix=prefix)]
    lines += [f"{r['name']:<25}  {r['version']:>15} {r['build']:>15}  {_channel(r)}" for r in rows]
    return "\n".join(lines)


def _object(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "build_number": row.get("build_number"),
        "build_string": row["build"],
        "channel": _channel(row),
        "dist_name": _dist(row),
        "name": row["name"],
        "platform": row.get("subdir"),
        "version": row["version"],
    }


def _dist(row: Mapping[str, Any]) -> str:
    return f"{row['name']}-{row['version']}-{row['build']}"


def _channel(row: Mapping[str, Any]) -> str:
    """The last name of a channel's address."""
    return str(row.get("channel") or "").rstrip("/").rpartition("/")[2] or "<unknown>"
