"""Kinds of conflict, each through a recipe of its own: the first three lines of the error give the requirement and the
recipe's line, the rest why, what would do and where was searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.config import Config
from cbw_core.errors import CbwError
from cbw_core.platforms import native_subdir
from cbw_core.session import plan, solve_all
from cbw_workbench.views.errors import error_text
from support.packages import make_package

MARK = "# <--"


@dataclass(frozen=True)
class Case:
    """reqs: the recipe below its package section, the line to blame marked. says: a part of the first three lines. why
    and hint: parts of the text."""

    reqs: str
    says: str
    why: str = ""
    hint: str = ""
    test: bool = False
    strict: bool = False
    config: str = ""


def host(*specs: str) -> str:
    rows = [f"    - {spec}" for spec in specs]
    return "\n".join(["requirements:", "  host:", *rows, ""])


def with_tests(*requires: str, run: tuple[str, ...] = (), more: str = "") -> str:
    rows = ["requirements:", "  run:", *(f"    - {spec}" for spec in run)] if run else []
    return "\n".join(
        [*rows, more, "test:", "  commands:\n    - echo", "  requires:", *(f"    - {s}" for s in requires), ""]
    )


CASES: dict[str, Case] = {
    "a name that is not there": Case(host("zlib", f"libpgn {MARK}"), "no package libpgn", hint="Did you mean libpng?"),
    "a name in build": Case(
        f"requirements:\n  build:\n    - cmkae {MARK}\n", "no package cmkae", hint="Did you mean cmake?"
    ),
    "a version that is not there": Case(
        host("libpng", f"zlib 99 {MARK}"), "no package zlib 99", "zlib 1.2.11, 1.2.13", "`zlib 1.2.13`"
    ),
    "a version below all there are": Case(host(f"zlib <1.2 {MARK}"), "zlib <1.2", "1.2.11", "`zlib 1.2.11`"),
    "a build string that is not there": Case(
        host(f"zlib 1.2.13 h9_7 {MARK}"), "zlib 1.2.13 h9_7", "1.2.13 in the builds h1_0", "without the build string"
    ),
    "two pins that exclude each other": Case(
        host("libpng", f"zlib 1.2.11 {MARK}", "zlib >=1.2.13"), "zlib 1.2.11.* and zlib >=1.2.13"
    ),
    "two packages that exclude each other": Case(
        host("zlib", f"numpy 1.16 {MARK}", "python 3.11"),
        "numpy 1.16.* and python 3.11.*",
        "python >=3.9,<3.10.0a0",
        "`numpy 1.26` in place of `numpy 1.16.*`",
    ),
    "an extension of another python": Case(
        host(f"python 3.11 {MARK}", "oldext"), "oldext", "python >=3.9,<3.10.0a0", "`python 3.9`"
    ),
    "the C library of the machine": Case(
        host("zlib", f"newglibc {MARK}"),
        "__glibc >=99, which newglibc 1.0 needs",
        "offers __glibc",
        "CONDA_OVERRIDE_GLIBC=99",
    ),
    "a graphics card": Case(
        host(f"__cuda >=99 {MARK}"), "__cuda >=99", "stand for the machine", "CONDA_OVERRIDE_CUDA=99"
    ),
    "a pin on an output of the recipe": Case(
        "outputs:\n  - name: libown\n    version: 1.0\n  - name: user\n    requirements:\n      host:\n"
        f"        - libown >=9 {MARK}\n",
        "libown >=9",
        "This recipe makes libown 1.0",
        "pin_subpackage",
    ),
    "a channel that hides another's build": Case(
        host(f"zlib >=2 {MARK}"), "zlib >=2", "has a zlib that would do", "--channel-priority flexible", strict=True
    ),
    "a package of another platform": Case(
        host(f"mactool {MARK}"), "no package mactool", "osx-64 only", "selector"
    ),
    "a requirement of the tests": Case(
        with_tests(f"pytset {MARK}", run=("zlib",)), "no package pytset", hint="Did you mean pytest?", test=True
    ),
    "tests and package that exclude each other": Case(
        with_tests(f"python 3.11 {MARK}", run=("zlib", "oldext")), "oldext (which subject needs to run)", test=True
    ),
    "a requirement to run": Case(
        with_tests("pytest", run=(f"zlib >=99 {MARK}",)), "zlib >=99, which subject needs to run", "1.2.13", test=True
    ),
    "a limit of the recipe": Case(
        with_tests(f"zlib 1.2.13 {MARK}", run=("libpng",), more="  run_constrained:\n    - zlib <1.2.13"),
        "zlib <1.2.13 (which subject allows only)",
        test=True,
    ),
    "a limit that a package sets": Case(
        host("limiter", f"zlib 1.2.13 {MARK}"), "limiter and zlib 1.2.13", "", "`zlib 1.2` in place"
    ),
    "a channel written before it": Case(
        host(f"defaults::zlib {MARK}"), "defaults::zlib", "before ::", "Leave out what stands before ::"
    ),
    "what run_exports bring": Case(
        f"requirements:\n  host:\n    - exporter {MARK}\ntest:\n  commands:\n    - echo\n",
        "runtime >=2, which subject needs to run",
        "runtime >=2 comes from the run_exports of exporter-2.0-0 (host)",
        test=True,
    ),
    "what pin_compatible makes": Case(
        "requirements:\n  host:\n    - numpy 1.26\n    - python 3.11\n  run:\n    - {{ pin_compatible('numpy') }}\n"
        f"test:\n  commands:\n    - echo\n  requires:\n    - numpy 1.16 {MARK}\n",
        "numpy >=1.26.4,<2.0a0",
        test=True,
    ),
    "a version of the variant's": Case(
        host(f"python {MARK}"),
        "no package python 3.99",
        "set in conda_build_config.yaml:2",
        "`python 3.11.10`",
        config="# versions\npython:\n  - 3.99\n",
    ),
    "a compiler that no channel has": Case(
        f"requirements:\n  build:\n    - {{{{ compiler('c') }}}} {MARK}\n",
        f"gcc_{native_subdir()}",
        config="c_compiler: [gcc]\nc_compiler_version: ['99']\n",
    ),
    "what is needed further down": Case(
        host("zlib", f"deep {MARK}"),
        "nowhere >=3, which broken-chain 1.0 needs, in the channels (asked for by deep)",
        "Channels searched",
    ),
    "a package whose needs exclude each other": Case(
        host(f"impossible {MARK}"),
        "impossible cannot be installed",
        "zlib ==1.2.11 and newer, which exclude each other",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conflicts")
    for version in ("1.2.11", "1.2.13"):
        make_package(folder, "zlib", version, "h1_0", run_exports={"weak": ["zlib 1.*"]})
    make_package(folder, "libpng", "1.6.39", depends=["zlib >=1.2.11,<1.3.0a0"])
    for version in ("3.9.20", "3.10.15", "3.11.10"):
        make_package(folder, "python", version, "h1_0_cpython")
    for numpy, minor in (("1.16.6", 9), ("1.26.4", 10), ("1.26.4", 11)):
        make_package(folder, "numpy", numpy, f"py3{minor}_0", depends=[f"python >=3.{minor},<3.{minor + 1}.0a0"])
    make_package(folder, "oldext", depends=["python >=3.9,<3.10.0a0"])
    make_package(folder, "newglibc", depends=["__glibc >=99"])
    make_package(folder, "mactool", subdir="osx-64")
    make_package(folder, "limiter", index={"constrains": ["zlib <1.2.13"]})
    make_package(folder, "exporter", "2.0", run_exports={"weak": ["runtime >=2"]})
    make_package(folder, "runtime", "1.0")
    make_package(folder, "deep", depends=["broken-chain"])
    make_package(folder, "broken-chain", depends=["nowhere >=3"])
    make_package(folder, "newer", depends=["zlib >=1.2.13"])
    make_package(folder, "impossible", depends=["zlib 1.2.11", "newer"])
    for name in ("cmake", "pytest"):
        make_package(folder, name)
    index(folder)
    return folder


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("later")
    make_package(folder, "zlib", "2.0", "h1_0")
    index(folder)
    return folder


def first_error(folder: Path, config: Config, world: Mapping[str, str]) -> CbwError:
    made = plan(folder, config, environ=world)
    errors = [s.error for s in solve_all(made.outputs, config, environ=world) if s.error is not None]
    assert errors
    return errors[0]


def test_there_are_twenty_kinds_and_more() -> None:
    assert len(CASES) >= 20


@pytest.mark.parametrize("kind", CASES)
def test_a_conflict_names_requirement_and_line_first(
    kind: str, recipe: Callable[..., Path], config: Config, world: dict[str, str], channel: Path, later: Path
) -> None:
    case = CASES[kind]
    meta = f"package:\n  name: subject\n  version: 1.0\n{case.reqs}"
    files = {"conda_build_config.yaml": case.config} if case.config else {}
    folder = recipe("subject", meta, **files)
    channels = (str(channel), str(later)) if case.strict else (str(channel),)
    config = replace(config, channels=channels, channel_priority="strict" if case.strict else "flexible")
    error = first_error(folder, config, world)
    text = error_text(error)
    head = "\n".join(text.splitlines()[:3])
    line = next(n for n, row in enumerate(meta.splitlines(), 1) if MARK in row)
    assert case.says in head, text
    assert f"meta.yaml:{line}:" in head, text
    assert case.why in text, text
    assert case.hint in text, text
    assert error.hint and error.phase == ("test" if case.test else "env")
    assert error.exit_status == 3


def test_an_environment_that_rendering_needs_is_blamed_too(
    recipe: Callable[..., Path], config: Config, world: dict[str, str], channel: Path
) -> None:
    """pin_compatible pins on what is in the environment: there is no rendering without it."""
    meta = (
        "package:\n  name: subject\n  version: 1.0\nrequirements:\n  build:\n    - zlib 99\n"
        "  run:\n    - {{ pin_compatible('zlib') }}\n"
    )
    with pytest.raises(CbwError) as caught:
        plan(recipe("subject", meta), replace(config, channels=(str(channel),)), environ=world)
    assert "zlib 99" in caught.value.message
    assert caught.value.place is not None and caught.value.place.line == 6
