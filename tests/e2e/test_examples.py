"""The working examples, built from the host channel as the README says, installed elsewhere, and run there."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import lief
import pytest

from support.cli import Cbw
from support.installing import host_channel_of, install
from support.paths import EXAMPLES

HOST = ("--override-channels", "-c", "host")
# recipe -> package -> a command that must work where the package is installed
COMMANDS: Mapping[str, Mapping[str, str]] = {
    "bsdiff4": {"bsdiff4": 'python -c \'import bsdiff4; bsdiff4.diff(b"a" * 99, b"b" * 99)\' && bsdiff4 -h'},
    "click": {"click": "python -c 'import click'"},
    "imagesize": {"imagesize": "python -c 'import imagesize'"},
    "clib": {
        "libtally": "test -f lib/libtally.so.1",
        "tally-tools": "echo one two one | tally",
        "pytally": "python -c 'import pytally'",
    },
    "matrix": {"greeter": "greeter World"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_builds_installs_elsewhere_and_runs(
    name: str, cbw: Cbw, tmp_path: Path, world: Mapping[str, str]
) -> None:
    cbw("build", *HOST, EXAMPLES / name)
    croot = tmp_path / "croot"
    packages = sorted(croot.glob("*/*.conda"))
    assert {p.name.rsplit("-", 2)[0] for p in packages} == set(COMMANDS[name])
    channels = [croot.as_uri(), host_channel_of(Path(world["CBW_CACHE"]))]
    for number, package in enumerate(packages):
        prefix = tmp_path / f"p{number}"
        install(package, prefix, channels)
        command = COMMANDS[name][package.name.rsplit("-", 2)[0]]
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=prefix,
            env={"PATH": f"{prefix}/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{package.name}: {done.stdout}{done.stderr}"
        assert_no_build_prefix(package, prefix)


def assert_no_build_prefix(package: Path, prefix: Path) -> None:
    stem = package.name.removesuffix(".conda")
    record = json.loads((prefix / "conda-meta" / f"{stem}.json").read_text())
    for path in record["files"]:
        file = prefix / path
        if file.is_file() and file.read_bytes()[:4] == b"\x7fELF":
            binary = lief.parse(str(file))
            assert isinstance(binary, lief.ELF.Binary)
            for entry in binary.dynamic_entries:
                if isinstance(entry, lief.ELF.DynamicEntryRpath | lief.ELF.DynamicEntryRunPath):
                    text = entry.rpath if isinstance(entry, lief.ELF.DynamicEntryRpath) else entry.runpath
                    assert all(part.startswith("$ORIGIN") for part in text.split(":")), f"{path}: {text}"


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_building_an_example_twice_gives_the_same_bytes(name: str, cbw: Cbw, tmp_path: Path) -> None:
    digests = []
    for croot in ("one", "another-folder-of-another-length"):
        cbw("build", *HOST, "--no-test", "--croot", tmp_path / croot, EXAMPLES / name)
        found = sorted((tmp_path / croot).glob("*/*.conda"))
        assert found
        digests.append({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in found})
    assert digests[0] == digests[1]
