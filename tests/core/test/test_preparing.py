from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core import channel
from cbw_core.archive import Member, write_package
from cbw_core.env import ChannelResolver
from cbw_core.errors import EnvironmentFailure, Place, UsageError
from cbw_core.events import Recorder
from cbw_core.layout import Layout
from cbw_core.platforms import native_subdir
from cbw_core.process import Cancel
from cbw_core.test import plan_for, plan_of_package, prepare, run

RUN_TEST_PY = """\
# tests for pkg-1.2-0 (this is a generated file);
print('===== testing package: pkg-1.2-0 =====');
print('running run_test.py');
# --- run_test.py (begin) ---
assert True
# --- run_test.py (end) ---

print('===== pkg-1.2-0 OK =====');
print("import: 'pkg'")
import pkg

print("import: 'pkg.sub'")
import pkg.sub

"""
RUN_TEST_SH = '\n\nset -ex\n\n\n\nhello\ntest -f data.txt\ntest -n "$PREFIX"\nexit 0\n'


def make_package(folder: Path, name: str, files: dict[str, str], *, suffix: str = ".conda", **index: object) -> Path:
    """A package file in the channel `folder`."""
    subdir = str(index.pop("subdir", native_subdir()))
    values = {"name": name, "version": "1.2", "build": "0", "build_number": 0, "subdir": subdir, "depends": [], **index}
    payload = {path: text for path, text in files.items() if not path.startswith("info/")}
    paths = [{"_path": path, "path_type": "hardlink", "size_in_bytes": len(text)} for path, text in payload.items()]
    members = [
        Member("info/index.json", json.dumps(values).encode()),
        Member("info/paths.json", json.dumps({"paths": paths, "paths_version": 1}).encode()),
        Member("info/files", "".join(f"{path}\n" for path in payload).encode()),
        *(Member(path, text.encode(), 0o755 if path.startswith("bin/") else 0o644) for path, text in files.items()),
    ]
    target = folder / subdir / f"{name}-1.2-0{suffix}"
    write_package(target, members, level=1)
    return target


@pytest.fixture
def croot(config):
    """A channel with a dependency and the package to be tested."""
    make_package(config.croot, "dep", {"share/dep": "dep\n"})
    make_package(config.croot, "pkg", {"bin/hello": "#!/bin/sh\necho hello\n"}, depends=["dep >=1"])
    channel.index(config.croot)
    return config.croot


@pytest.fixture
def ready(layout: Layout, config, environ):
    def ready(plan, package: Path, output=None) -> Recorder:
        sink = Recorder()
        used = replace(config, channels=(config.croot.as_uri(),), override_channels=True)
        resolver = ChannelResolver(used, sink=sink, environ=environ)
        try:
            prepare(
                plan,
                package,
                layout,
                used,
                output=output,
                resolver=resolver,
                sink=sink,
                cancel=Cancel(),
                environ=environ,
            )
        finally:
            resolver.close()
        return sink

    return ready


def test_package_and_what_it_needs_are_installed_and_its_tests_run(make, ready, layout, config, environ, croot) -> None:
    output = make(
        {"data.txt": "x"},
        {"files": ["data.txt"], "commands": ["hello", "test -f $PREFIX/share/dep", "test -f data.txt"]},
    )
    plan = plan_for(output)
    ready(plan, croot / native_subdir() / "pkg-1.2-0.conda", output)
    sink = Recorder()
    run(plan, layout, environ=environ, sink=sink)
    assert "hello" in sink.log()
    assert {p.name for p in layout.test_dir.iterdir()} == {
        "conda_test_env_vars.sh", "conda_test_runner.sh", "data.txt", "run_test.sh",
    }  # fmt: skip


def test_the_very_file_is_tested_and_not_what_the_channel_had(make, ready, layout, config, environ, croot) -> None:
    package = make_package(config.croot, "pkg", {"bin/hello": "#!/bin/sh\necho newer\n"}, depends=["dep >=1"])
    output = make(test={"commands": ["hello"]})
    ready(plan_for(output), package, output)
    sink = Recorder()
    run(plan_for(output), layout, environ=environ, sink=sink)
    assert "newer" in sink.log()


@pytest.mark.parametrize("suffix", [".conda", ".tar.bz2"])
def test_package_alone_is_enough(ready, layout: Layout, config, environ, croot, suffix: str) -> None:
    files = {
        "bin/hello": "#!/bin/sh\necho hello\n",
        "info/test/run_test.sh": RUN_TEST_SH,
        "info/test/data.txt": "x",
        "info/test/test_time_dependencies.json": '["dep"]',
        "info/recipe/meta.yaml": "package:\n  name: pkg\n  version: '1.2'\nrequirements:\n  host:\n    - zlib\n",
        "info/recipe/conda_build_config.yaml": "python: '3.12'\nzlib: '1.3'\npin_run_as_build: {}\n",
    }
    package = make_package(config.croot, "pkg", files, suffix=suffix)
    plan = plan_of_package(package)
    assert plan.requires == ("dep",)
    assert [(step.kind, step.text) for step in plan.steps] == [
        ("commands", "hello"), ("commands", "test -f data.txt"), ("commands", 'test -n "$PREFIX"'),
    ]  # fmt: skip
    ready(plan, package)
    run(plan, layout, environ=environ, sink=Recorder())
    line = f"cd {layout.test_dir} && source conda_test_env_vars.sh && echo $PREFIX $PY_VER $zlib"
    line += " && cat $RECIPE_DIR/meta.yaml"
    out = subprocess.run(["bash", "-c", line], env={}, capture_output=True, text=True, check=True).stdout.splitlines()
    assert out[0] == f"{layout.test_prefix} 3.12 1.3"
    assert out[1] == "package:"


def test_steps_of_a_package_are_read_from_its_test_files(config) -> None:
    files = {"info/test/run_test.py": RUN_TEST_PY, "info/test/run_test.sh": "echo own\n" + RUN_TEST_SH}
    plan = plan_of_package(make_package(config.croot, "pkg", files))
    assert [(step.kind, step.text) for step in plan.steps] == [
        ("run_test.py", "run_test.py"), ("imports", "pkg"), ("imports", "pkg.sub"), ("run_test.sh", "run_test.sh"),
        ("commands", "hello"), ("commands", "test -f data.txt"), ("commands", 'test -n "$PREFIX"'),
    ]  # fmt: skip
    assert plan.specs == ("pkg 1.2 0", "python")


def test_steps_of_recipe_and_package_are_the_same(make, config) -> None:
    """What the package room writes is what this room reads."""
    from cbw_core.package.testfiles import write_tests

    section = {"imports": ["pkg", "pkg.sub"], "commands": ["hello", "a\n"], "requires": ["x"]}
    for name in ("pkg", "perl-pkg", "r-pkg", "lua-pkg"):
        files = {"run_test.py": "assert 1\n", "run_test.sh": "true\n", "run_test.pl": "1;\n"}
        output = make(files, section, name=name, test_requires=("x",))
        folder = config.croot / name
        write_tests(output, Layout(config.croot / "s"), folder, Recorder())
        texts = {f"info/test/{p.name}": p.read_text() for p in folder.iterdir()}
        found = plan_of_package(make_package(config.croot, name, texts))
        expected = plan_for(output)
        assert [(s.kind, s.text.strip(), s.file) for s in found.steps] == [
            (s.kind, s.text.strip(), s.file) for s in expected.steps
        ]
        assert found.specs == expected.specs


def test_package_without_tests_still_gets_its_environment(ready, layout: Layout, config, croot) -> None:
    package = croot / native_subdir() / "pkg-1.2-0.conda"
    ready(plan_of_package(package), package)
    assert (layout.test_prefix / "bin/hello").exists()
    assert layout.test_runner.exists()


def test_output_without_tests_needs_no_environment(make, ready, layout: Layout, croot) -> None:
    output = make()
    ready(plan_for(output), croot / native_subdir() / "pkg-1.2-0.conda", output)
    assert not layout.test_prefix.exists()


def test_stray_files_of_an_earlier_run_are_gone(make, ready, layout: Layout, croot) -> None:
    layout.test_dir.mkdir(parents=True)
    (layout.test_dir / "stray").touch()
    output = make(test={"commands": ["true"]})
    ready(plan_for(output), croot / native_subdir() / "pkg-1.2-0.conda", output)
    assert not (layout.test_dir / "stray").exists()


def test_requirement_of_tests_that_no_channel_has_is_named(make, ready, croot) -> None:
    output = make(test={"commands": ["true"], "requires": ["no-such-package"]})
    with pytest.raises(EnvironmentFailure, match="no-such-package"):
        ready(plan_for(output), croot / native_subdir() / "pkg-1.2-0.conda", output)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"BZh9 nothing"])
@pytest.mark.parametrize("name", ["x-1-0.conda", "x-1-0.tar.bz2", "x.txt"])
def test_file_that_is_no_package_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=name) as caught:
        plan_of_package(tmp_path / name)
    assert caught.value.kind == "package"


def test_package_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nope\.conda"):
        plan_of_package(tmp_path / "nope.conda")


def test_info_writes_nothing_outside_its_folder(ready, layout: Layout, config, croot, tmp_path: Path) -> None:
    target = config.croot / native_subdir() / "pkg-1.2-0.conda"
    index = {"name": "pkg", "version": "1.2", "build": "0", "build_number": 0, "subdir": native_subdir(), "depends": []}
    members = [
        Member("info/index.json", json.dumps(index).encode()),
        Member("info/test/run_test.sh", b"true\n"),
        Member("info/test/out", link=os.fspath(tmp_path)),
    ]
    write_package(target, members, level=1)
    with pytest.raises(UsageError, match=r"pkg-1\.2-0"):
        ready(plan_of_package(target), target)


def test_places_of_steps_lead_into_the_recipe(make) -> None:
    plan = plan_for(make({"meta.yaml": "test:\n  commands:\n    - hello\n"}, {"commands": ["hello"]}))
    (step,) = plan.steps
    assert isinstance(step.place, Place)
    assert step.place.line == 3
