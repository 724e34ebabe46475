#!/usr/bin/env python3
"""Fetches the sdists that the examples are made of into .sources/, with pip, and verifies them.

    python recipes-examples/fetch.py

Does nothing when they are there. Needs a Python with pip and an index that has the projects; no other package.
pip would run an sdist's own code to learn its metadata: a stand-in for setuptools keeps it from that, so this only
downloads.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = {
    "bsdiff4-1.1.4.tar.gz": "5a022ff4c1d1de87232b1c70bde50afbb98212fd246be4a867d8737173cf1f8f",
    "Click-7.0.tar.gz": "5b94b49521f6456670fdb30cd82a4eca9412788a93fa6dd6df72c94d5a8ff2d7",
    "imagesize-1.1.0.tar.gz": "f3832918bc3c66617f92e35f5d70729187676313caa60c187eb0f28b8fe5e3b5",
}
FOLDER = Path(__file__).resolve().parent / ".sources"

# What pip calls instead of setuptools: it gives the name and version that were asked for.
BACKEND = """
import os
def get_requires_for_build_wheel(config_settings=None):
    return []
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = "{name}-{version}.dist-info"
    os.mkdir(os.path.join(folder, info))
    with open(os.path.join(folder, info, "METADATA"), "w", encoding="utf-8") as stream:
        stream.write("Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return info
class __legacy__:
    get_requires_for_build_wheel = staticmethod(get_requires_for_build_wheel)
    prepare_metadata_for_build_wheel = staticmethod(prepare_metadata_for_build_wheel)
"""


class Failure(Exception):
    """Something a person can put right; its text says what."""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def download(project: str, version: str, folder: Path) -> None:
    """`pip download` of one sdist into `folder`, without running anything of it."""
    requirement = f"{project}=={version}"
    backend = folder / "backend" / "setuptools"
    backend.mkdir(parents=True, exist_ok=True)
    (backend / "__init__.py").write_text("")
    (backend / "build_meta.py").write_text(BACKEND.replace("{name}", project).replace("{version}", version))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-binary", ":all:", "--no-deps", "--no-build-isolation", "--use-pep517"]
    command += ["--dest", str(folder), requirement]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(backend.parent)}, text=True, capture_output=True, check=False
    )
    if done.returncode != 0:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if not line.startswith("WARNING")]
        raise Failure(
            f"pip could not fetch {requirement}:\n  " + "\n  ".join(lines[-12:]) + "\n"
            "Look whether this machine reaches a package index (pip config list), or put the file into "
            f"{FOLDER} by hand."
        )


def fetch(name: str, expected: str) -> None:
    """One source into .sources/, verified, in one step."""
    project, version = name.removesuffix(".tar.gz").rsplit("-", 1)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix=".fetching-") as temporary:
        download(project, version, Path(temporary))
        found = Path(temporary) / name
        if not found.exists():
            there = ", ".join(sorted(p.name for p in Path(temporary).iterdir() if p.is_file())) or "nothing"
            raise Failure(f"pip fetched {there} for {project}=={version}, not {name}.")
        if digest(found) != expected:
            raise Failure(f"{name} has the sha256 {digest(found)}; expected {expected}. It was not kept.")
        found.replace(FOLDER / name)


def main() -> int:
    try:
        FOLDER.mkdir(exist_ok=True)
        for number, (name, expected) in enumerate(SOURCES.items(), 1):
            count = f"[{number}/{len(SOURCES)}]"
            target = FOLDER / name
            if target.exists() and digest(target) == expected:
                print(f"{count} {name} is there", flush=True)
                continue
            print(f"{count} fetching {name} ...", flush=True)
            fetch(name, expected)
        print(f"all sources are in {FOLDER}", flush=True)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 3
    except OSError as error:
        print(f"error: {error.strerror}: {error.filename}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
