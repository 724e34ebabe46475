"""The packages of this machine, installed and used."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from cbw_core.env.host.interpreter import Interpreter
from cbw_core.env.host.python import python_packages
from cbw_core.env.host.stage import write
from cbw_core.platforms import native_subdir
from support.host_parts import GLIBC, Installer, run

MODULES = "ssl, sqlite3, ctypes, zlib, bz2, hashlib, zoneinfo, sysconfig, asyncio, json, xml.dom.minidom"
EXTENSION = """
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *nothing) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "deep", "", -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_deep(void) { return PyModule_Create(&module); }
"""


def long_prefix(folder: Path) -> Path:
    base = f"{folder}/_h_env"
    return Path((base + "_placehold" * 30)[:255])


def listing(prefix: Path) -> set[str]:
    return {str(path.relative_to(prefix)) for path in prefix.rglob("*")}


@pytest.fixture(scope="session")
def prefixes(
    tmp_path_factory: pytest.TempPathFactory, machine_channel: Path, installer: Installer
) -> tuple[Path, Path, Path]:
    """A 255-character prefix with Python, a short one, and a build prefix with compilers and tools."""
    base = tmp_path_factory.mktemp("prefixes")
    long, short, build = long_prefix(base), base / "s", base / "build"
    installer(machine_channel, long, "python", "python_abi")
    installer(machine_channel, short, "python")
    installer(machine_channel, build, f"gcc_{native_subdir()}", f"gxx_{native_subdir()}", "make", "pkg-config")
    return long, short, build


@pytest.mark.parametrize("which", [0, 1], ids=["255 characters", "short"])
def test_python_runs_where_it_is_installed(prefixes: tuple[Path, Path, Path], which: int) -> None:
    prefix = prefixes[which]
    code = f"import {MODULES}\nimport sys\nprint(sys.prefix)\nprint(sysconfig.get_config_var('INCLUDEPY'))"
    shown, include = run([prefix / "bin/python", "-c", code]).split("\n")[:2]
    assert shown == str(prefix)
    assert include.startswith(f"{prefix}/include/python")
    assert (Path(include) / "Python.h").exists()
    if which == 0:
        assert len(str(prefix)) == 255


def test_nothing_of_the_old_prefix_is_searched(prefixes: tuple[Path, Path, Path], interpreter: Interpreter) -> None:
    script = "import sys, sysconfig; print(sys.path, sysconfig.get_paths(), sysconfig.get_config_vars())"
    out = run([prefixes[1] / "bin/python", "-c", script])
    assert f"{interpreter.prefix}/" not in out.replace(str(prefixes[1]), "")


def test_using_python_writes_no_new_files(prefixes: tuple[Path, Path, Path]) -> None:
    prefix = prefixes[1]
    before = listing(prefix)
    run([prefix / "bin/python", "-c", f"import {MODULES}; sysconfig.get_config_vars()"])
    assert listing(prefix) == before


def test_scripts_of_python_start_it(prefixes: tuple[Path, Path, Path], interpreter: Interpreter) -> None:
    for prefix in prefixes[:2]:
        assert "absolute value" in run([prefix / f"bin/pydoc{interpreter.short}", "abs"])


def test_extension_compiles_against_it_and_runs(prefixes: tuple[Path, Path, Path], tmp_path: Path) -> None:
    host, _, build = prefixes
    (tmp_path / "deep.c").write_text(EXTENSION)
    env = {
        "CONDA_BUILD": "1", "PREFIX": str(host), "CONDA_PREFIX": str(build), "SRC_DIR": str(tmp_path),
        "PKG_NAME": "deep", "PKG_VERSION": "1", "PATH": f"{build}/bin:{host}/bin:/usr/bin:/bin",
    }  # fmt: skip
    script = (
        f'for f in {build}/etc/conda/activate.d/*.sh; do . "$f"; done\n'
        "include=$(python -c 'import sysconfig; print(sysconfig.get_path(\"include\"))')\n"
        "$CC $CPPFLAGS $CFLAGS -I$include -shared $LDFLAGS deep.c -o deep.so\n"
        "python -c 'import deep; print(deep.answer())'\n"
        "readelf -d deep.so\n"
    )
    out = run(["bash", "-euc", script], env, tmp_path)
    assert out.startswith("42\n")
    # RPATH, as conda's compilers write it, not RUNPATH
    assert f"(RPATH)              Library rpath: [{host}/lib]" in out
    assert "NT_GNU_BUILD_ID" not in run(["readelf", "-n", tmp_path / "deep.so"])


def test_cplusplus_finds_its_runtime_in_the_prefix(prefixes: tuple[Path, Path, Path], tmp_path: Path) -> None:
    build = prefixes[2]
    (tmp_path / "hello.cpp").write_text('#include <iostream>\nint main() { std::cout << "hello" << std::endl; }\n')
    script = (
        f'for f in {build}/etc/conda/activate.d/*.sh; do . "$f"; done\n$CXX $CXXFLAGS $LDFLAGS hello.cpp -o hello\n'
    )
    run(["bash", "-euc", script], {"CONDA_PREFIX": str(build)}, tmp_path)
    assert f"libstdc++.so.6 => {build}/lib/libstdc++.so.6" in run(["ldd", tmp_path / "hello"])
    assert run([tmp_path / "hello"]) == "hello\n"


def test_pkg_config_finds_what_is_in_the_environment_only(prefixes: tuple[Path, Path, Path]) -> None:
    build = prefixes[2]
    folder = build / "lib/pkgconfig"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "own.pc").write_text("Name: own\nDescription: own\nVersion: 3\n")
    assert run([build / "bin/pkg-config", "--modversion", "own"]) == "3\n"
    assert run([build / "bin/pkg-config", "--list-all"]).split()[:1] == ["own"]
    assert len(run([build / "bin/pkg-config", "--list-all"]).splitlines()) == 1


def test_the_same_machine_makes_the_same_bytes(machine_channel: Path, interpreter: Interpreter, tmp_path: Path) -> None:
    """Made again in another folder, by another process of the compiler: equal to the last byte."""
    subdir = native_subdir()
    for package in python_packages(interpreter, tmp_path / "again", glibc=GLIBC, subdir=subdir):
        again = write(package, tmp_path / "channel")
        first = machine_channel / package.subdir / package.file_name
        assert digest(again) == digest(first), package.name


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_package_says_where_python_comes_from(prefixes: tuple[Path, Path, Path], interpreter: Interpreter) -> None:
    (record,) = (prefixes[1] / "conda-meta").glob("python-[0-9]*.json")
    data = json.loads(record.read_text())
    assert data["build"] == "host_0_cpython"
    assert data["python_site_packages_path"] == interpreter.site_packages
    assert os.fspath(interpreter.prefix) in (Path(data["extracted_package_dir"]) / "info/about.json").read_text()
