"""Binaries that others made, for three systems: what is read of them equals what readelf and LLVM's objdump say.

Wheels and a Debian package are downloaded, nothing of it is kept; without the registries or the tools, tests skip. Only
the small ones are, unless CBW_REAL_BINARIES=all is set.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cbw_core.inspect.targets import read_package
from cbw_core.objects import Binary, read_files
from support.oracles import Said, missing_tools, said_of

pytestmark = pytest.mark.registry

# platform, package, version -> how many programs and libraries it has
WHEELS = {
    ("manylinux2014_x86_64", "zstandard", "0.25.0"): 2,
    ("manylinux2014_x86_64", "numpy", "2.2.6"): 22,
    ("manylinux2014_x86_64", "cryptography", "48.0.1"): 1,
    ("manylinux2014_x86_64", "pyzmq", "26.4.0"): 3,
    ("manylinux_2_28_x86_64", "lief", "1.0.0"): 1,
    ("manylinux2014_aarch64", "zstandard", "0.25.0"): 2,
    ("macosx_11_0_arm64", "zstandard", "0.25.0"): 2,
    ("macosx_11_0_arm64", "lief", "1.0.0"): 1,
    ("macosx_11_0_arm64", "lxml", "6.1.3"): 7,
    ("macosx_11_0_arm64", "pyzmq", "27.3.0"): 3,
    ("macosx_14_0_arm64", "numpy", "2.4.6"): 19,
    ("macosx_10_12_x86_64", "zstandard", "0.25.0"): 2,
    ("macosx_10_12_universal2", "cryptography", "48.0.1"): 1,
    ("win_amd64", "zstandard", "0.25.0"): 2,
    ("win_amd64", "cryptography", "48.0.1"): 1,
    ("win_amd64", "pyzmq", "27.3.0"): 1,
    ("win_amd64", "lief", "1.0.0"): 1,
    ("win32", "zstandard", "0.25.0"): 2,
    ("win_arm64", "zstandard", "0.25.0"): 2,
}
SMALL = {
    wheel for wheel in WHEELS
    if (wheel[1] == "zstandard" and "manylinux" not in wheel[0]) or (wheel[1] == "pyzmq" and "macosx" not in wheel[0])
}  # fmt: skip
# conda/conda's own test data, where its repository is at hand: CBW_CONDA_REPOSITORY names the folder
ZLIB = [f"{subdir}/zlib-1.2.11-{build}_3.{form}" for subdir, build in (
    ("linux-64", "h7b6447c"), ("osx-64", "h1de35cc"), ("win-32", "h62dcd97"), ("win-64", "h62dcd97"),
) for form in ("conda", "tar.bz2")]  # fmt: skip


Wheel = tuple[str, str, str]


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> dict[Wheel, Path | str]:
    """Wheel -> its file, or why it could not be had."""
    if missing_tools():
        pytest.skip(f"{missing_tools()} not here (Debian: binutils, llvm)")
    folder = tmp_path_factory.mktemp("wheels")

    def fetch(wheel: Wheel) -> Path | str:
        platform, name, version = wheel
        if wheel not in SMALL and os.environ.get("CBW_REAL_BINARIES") != "all":
            return "over a megabyte: set CBW_REAL_BINARIES=all"
        target = folder / "-".join(wheel)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
                   "--disable-pip-version-check", "--retries=0", "--timeout=20", "--python-version=3.11",
                   "--implementation=cp", f"--platform={platform}", f"--dest={target}",
                   f"{name}=={version}"]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            return "the download took too long"
        return next(iter(target.glob("*.whl")), None) or (done.stderr.strip().splitlines() or ["no wheel"])[-1]

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(WHEELS, pool.map(fetch, WHEELS), strict=True))


@pytest.mark.parametrize("wheel", WHEELS, ids="-".join)
def test_every_binary_of_a_wheel_reads_as_the_tools_read_it(
    wheel: tuple[str, str, str], downloads: dict[tuple[str, str, str], Path | str], tmp_path: Path
) -> None:
    found = downloads[wheel]
    if isinstance(found, str):
        pytest.skip(f"not to be had: {found}")
    assert compare(found, tmp_path) == WHEELS[wheel]


def test_debians_zlib_for_windows(tmp_path: Path) -> None:
    if missing_tools() or shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip(f"{missing_tools() or 'apt-get'} not here")
    got = subprocess.run(["apt-get", "download", "-q", "libz-mingw-w64"], cwd=tmp_path, capture_output=True, text=True)
    packages = list(tmp_path.glob("*.deb"))
    if not packages:
        pytest.skip(f"not to be had: {(got.stderr.strip().splitlines() or ['no package'])[-1]}")
    subprocess.run(["dpkg-deb", "-x", str(packages[0]), str(tmp_path / "deb")], check=True)
    files = [file for file in sorted((tmp_path / "deb").rglob("*.dll")) if not file.is_symlink()]
    assert len(files) == 2
    assert_equal(files)


@pytest.mark.parametrize("package", ZLIB)
def test_every_binary_of_condas_zlib_reads_as_the_tools_read_it(package: str, tmp_path: Path) -> None:
    folder = Path(os.environ.get("CBW_CONDA_REPOSITORY", "")) / "tests/data/conda_format_repo"
    if missing_tools() or not (folder / package).is_file():
        pytest.skip(missing_tools() or "CBW_CONDA_REPOSITORY does not name a clone of conda/conda")
    assert compare(folder / package, tmp_path) == 1


def compare(package: Path, folder: Path) -> int:
    """Every program and library of an archive held against the tools; how many there are."""
    contents = read_package(package, folder)
    assert not contents.failures
    files = [Path(item.disk) for item in contents.items.values() if item.format]
    assert_equal(files)
    return len(files)


def assert_equal(files: list[Path]) -> None:
    for read in read_files([str(file) for file in files]):
        assert read.failure is None, read.failure
        ours = tuple(map(_said, read.binaries))
        assert ours == said_of(Path(read.path), read.binaries[0].format), read.path


def _said(binary: Binary) -> Said:
    return Said(binary.arch, binary.soname, tuple(n.name for n in binary.needed), binary.rpath, binary.runpath)
