from __future__ import annotations

from pathlib import Path

import pytest

from cbw_core.env.host.activation import Variable, activation_files
from cbw_core.env.host.compilers import Toolchain, compiler_packages, find_programs
from cbw_core.env.host.stage import HostPackage
from support.host_parts import run

VARIABLES = (
    Variable("CC", "${CONDA_PREFIX}/bin/cc"),
    Variable("CFLAGS", "-O2 -isystem ${_cbw_prefix}/include${_cbw_debug_map}", kept=True),
    Variable("PLAIN", "value"),
)


@pytest.fixture
def scripts(tmp_path: Path) -> tuple[Path, Path]:
    paths = []
    for file in activation_files("gcc_linux-64", VARIABLES):
        paths.append(tmp_path / Path(file.path).name)
        paths[-1].write_bytes(file.read())
    return paths[0], paths[1]


def variables(script: str, **env: str) -> dict[str, str]:
    """The environment after `script`, run by a strict bash."""
    out = run(["bash", "-euc", script + "\nenv -0"], {"CONDA_PREFIX": "/envs/a", **env})
    return dict(line.split("=", 1) for line in out.split("\0") if line and not line.startswith(("_=", "SHLVL=")))


def test_build_fits_the_host_prefix_and_a_shell_the_active_one(scripts: tuple[Path, Path]) -> None:
    build = {"CONDA_BUILD": "1", "PREFIX": "/host", "SRC_DIR": "/work", "PKG_NAME": "z", "PKG_VERSION": "1.0"}
    in_build = variables(f". {scripts[0]}", **build)
    assert in_build["CC"] == "/envs/a/bin/cc"
    assert in_build["CFLAGS"] == (
        "-O2 -isystem /host/include -fdebug-prefix-map=/work=/usr/local/src/conda/z-1.0 "
        "-fdebug-prefix-map=/host=/usr/local/src/conda-prefix"
    )
    assert variables(f". {scripts[0]}")["CFLAGS"] == "-O2 -isystem /envs/a/include"


def test_deactivation_gives_back_everything(scripts: tuple[Path, Path]) -> None:
    before = variables("true", CC="mine", CFLAGS="")
    after = variables(f". {scripts[0]}\n. {scripts[1]}", CC="mine", CFLAGS="")
    assert after == before


def test_activating_twice_is_activating_once(scripts: tuple[Path, Path]) -> None:
    once = variables(f". {scripts[0]}", CC="mine")
    assert variables(f". {scripts[0]}\n. {scripts[0]}", CC="mine") == once
    undone = variables(f". {scripts[0]}\n. {scripts[0]}\n. {scripts[1]}", CC="mine")
    assert undone == variables("true", CC="mine")


def test_activating_for_another_prefix_forgets_the_first(scripts: tuple[Path, Path]) -> None:
    moved = variables(f". {scripts[0]}\nexport CONDA_PREFIX=/envs/b\n. {scripts[0]}")
    assert moved["CFLAGS"] == "-O2 -isystem /envs/b/include"


def test_deactivating_without_activating_changes_nothing(scripts: tuple[Path, Path]) -> None:
    assert variables(f". {scripts[1]}", CC="mine") == variables("true", CC="mine")


def test_flags_of_the_caller_are_kept(scripts: tuple[Path, Path]) -> None:
    assert variables(f". {scripts[0]}", CFLAGS="-Og")["CFLAGS"] == "-Og"


def test_scripts_leave_no_helpers_behind(scripts: tuple[Path, Path]) -> None:
    out = run(["bash", "-euc", f". {scripts[0]}\nset"], {"CONDA_PREFIX": "/envs/a"})
    assert "_cbw_" not in out


def toolchain_packages() -> dict[str, HostPackage]:
    return {p.name: p for p in compiler_packages(Toolchain("linux-64", "2.36", find_programs()))}


def test_compilers_have_conda_forge_s_names_and_exports() -> None:
    made = toolchain_packages()
    gcc = made["gcc_linux-64"]
    major = gcc.version.split(".")[0]
    assert gcc.run_exports == {"strong": (f"libgcc >={major}",)}
    assert f"sysroot_linux-64 {made['sysroot_linux-64'].version}" in gcc.depends
    assert made["sysroot_linux-64"].run_exports == {"strong": ("__glibc >=2.36,<3.0.a0",)}
    assert made["gxx_linux-64"].run_exports["strong"] == (f"libstdcxx >={major}", f"libgcc >={major}")
    assert "bin/x86_64-conda-linux-gnu-cc" in {file.path for file in gcc.files}
    assert "lib/libgcc_s.so.1" in {file.path for file in made["libgcc"].files}


def test_a_compiler_that_the_machine_lacks_is_not_packed() -> None:
    programs = {name: path for name, path in find_programs().items() if name not in ("g++", "gfortran")}
    names = {p.name for p in compiler_packages(Toolchain("linux-64", "2.36", programs))}
    assert "gcc_linux-64" in names
    assert not names & {"gxx_linux-64", "gfortran_linux-64"}
