#!/usr/bin/env python3
"""Fetches the sources of zlib and libpng from Debian, with `apt-get source`, into .sources/debian/.

    python recipes-examples/debian.py

Does nothing when they are there. Needs Debian or one of its kin, with the network its packages come from; no rights:
the lists of source packages are kept in a folder of their own, and nothing of the machine's is changed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGES = {"zlib": ("zlib", "zlib.h"), "libpng": ("libpng1.6", "png.h")}  # folder -> (package, a file it must have)
FOLDER = Path(__file__).resolve().parent / ".sources" / "debian"
APT = Path("/etc/apt")


class Failure(Exception):
    """Something a person can put right; its text says what."""


def source_lists(scratch: Path) -> None:
    """The machine's own package sources, asked for their source packages, in scratch/parts."""
    parts = scratch / "parts"
    parts.mkdir()
    found = sorted([APT / "sources.list", *APT.glob("sources.list.d/*")])
    for number, file in enumerate(path for path in found if path.is_file()):
        text = file.read_text("utf-8", "replace")
        if file.suffix == ".sources":
            text = re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.MULTILINE)
            (parts / f"{number}.sources").write_text(text)
        elif file.suffix == ".list":
            lines = [line for line in text.splitlines() if line.startswith("deb ")]
            (parts / f"{number}.list").write_text("\n".join("deb-src" + line[3:] for line in lines) + "\n")
    if not any(parts.iterdir()):
        raise Failure(f"{APT} names no package sources.")


def apt(scratch: Path, *args: str, quiet: bool = False) -> None:
    for folder in ("lists/partial", "cache/archives/partial", "got"):
        (scratch / folder).mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::Etc::SourceList": scratch / "none.list",
        "Dir::Etc::SourceParts": scratch / "parts",
        "Dir::State::Lists": scratch / "lists",
        "Dir::Cache": scratch / "cache",
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "",
        "Acquire::Retries": "2",
    }
    command = ["apt-get", "-q", *(word for key, value in options.items() for word in ("-o", f"{key}={value}")), *args]
    done = subprocess.run(command, cwd=scratch / "got", text=True, capture_output=True, check=False)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Failure(f"apt-get {args[0]} failed:\n  " + "\n  ".join(lines[-8:]))


def unpack(archive: Path, target: Path) -> None:
    """The archive's one top folder as `target`, which appears when it is whole."""
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix=".unpacking-") as temporary:
        with tarfile.open(archive) as tar:
            tar.extractall(temporary, filter="data")
        (top,) = Path(temporary).iterdir()
        top.replace(target)


def main() -> int:
    missing = {name: what for name, what in PACKAGES.items() if not (FOLDER / name / what[1]).is_file()}
    if not missing:
        print(f"all sources are in {FOLDER}")
        return 0
    try:
        if shutil.which("apt-get") is None:
            raise Failure("there is no apt-get here.")
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="cbw-debian-") as temporary:
            scratch = Path(temporary)
            source_lists(scratch)
            apt(scratch, "update")
            # the tarball of the project itself, without what Debian adds
            apt(scratch, "source", "--download-only", "--tar-only", *(package for package, _ in missing.values()))
            for name, (package, file) in missing.items():
                (archive,) = (scratch / "got").glob(f"{package}_*.orig.tar.*[!c]")
                unpack(archive, FOLDER / name)
                if not (FOLDER / name / file).is_file():
                    raise Failure(f"{archive.name} has no {file}.")
                print(f"{archive.name} -> {FOLDER / name}", flush=True)
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
