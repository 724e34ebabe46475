"""Which package a line of a recipe's requirements asks for."""

from __future__ import annotations

import pytest

from cbw_core.inspect.asking import asks, word_in
from cbw_core.render.output import Output

OUTPUT = Output(
    recipe_dir="",
    recipe_file="",
    name="one",
    version="1",
    build_string="0",
    host_subdir="linux-64",
    variant={"c_compiler": "clang", "c_stdlib": "macosx_deployment_target", "mpi": "openmpi"},
)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("    - zlib 1.2  # old", "zlib"),
        ("  host: [cmake, zlib]", "zlib"),
        ("  - 'zlib'", "zlib"),
        ("  - conda-forge::zlib", "zlib"),
        ("  - {{ pin_compatible('zlib', max_pin='x') }}", "zlib"),
        ("  - Some_Name", "some-name"),
        ("zlib >=1", "zlib"),
        ("  - {{ mpi }}", "openmpi"),
        ("  - {{ compiler('c') }}", "clang_linux-64"),
        ("  - {{ compiler('cxx') }}", "gxx_linux-64"),
        ("  - {{ stdlib('c') }}", "macosx_deployment_target_osx-64"),
        ("  - {{ stdlib('c') }}", "sysroot_linux-64"),
        ("  - {{ cdt('mesa-libgl') }}", "mesa-libgl-cos7-x86_64"),
        ("  - sysroot_{{ cross_target_platform }}", "sysroot_linux-32"),
    ],
)
def test_a_line_asks_for_a_package(line: str, name: str) -> None:
    assert asks(OUTPUT, line, name)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("  - python-dateutil", "python"),
        ("  - zlib-ng", "zlib"),
        ("  - cmake  # zlib comes with it", "zlib"),
        ("  host: [cmake]", "host"),
        ("  # - zlib", "zlib"),
        ("  - {{ compiler('c') }}", "gcc_linux-64"),
        ("  - {{ name }}", "anything"),
        ("", "zlib"),
        ("  - zlib", ""),
    ],
)
def test_a_line_does_not_ask_for_a_package(line: str, name: str) -> None:
    assert not asks(OUTPUT, line, name)


def test_the_word_is_where_the_package_is_named() -> None:
    line = "  host: [cmake, ZLib_ng 2]"
    begin, end = word_in(line, "zlib-ng") or (0, 0)
    assert line[begin:end] == "ZLib_ng"
