from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cbw_core.env.host import is_host_made
from cbw_core.env.host.interpreter import Interpreter, _refusal, base_executable, describe
from cbw_core.errors import EnvironmentFailure

GOOD = {
    "implementation": "cpython", "platform": "linux", "free_threaded": False, "debug": False, "abiflags": "",
    "version": "3.11.7", "release": "final", "scheme": "posix_prefix", "platlibdir": "lib",
}  # fmt: skip


def test_the_running_interpreter_is_described_without_its_virtual_environment(interpreter: Interpreter) -> None:
    assert interpreter.version == ".".join(map(str, sys.version_info[:3]))
    assert interpreter.prefix == Path(sys.base_prefix).resolve()
    assert base_executable().is_relative_to(interpreter.prefix)
    assert interpreter.abi == f"python_abi {interpreter.short}.* *_cp{interpreter.tag}"


def test_a_usual_interpreter_is_not_refused() -> None:
    assert _refusal(GOOD) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"implementation": "pypy"}, "pypy"),
        ({"platform": "darwin"}, "darwin"),
        ({"abiflags": "t", "free_threaded": True}, "free-threaded"),
        ({"debug": True}, "debug"),
        ({"release": "candidate"}, "candidate"),
        ({"scheme": "rpm_prefix", "platlibdir": "lib64"}, "system's own"),
    ],
)
def test_an_interpreter_that_cannot_be_packed_is_refused_by_name(change: dict[str, object], said: str) -> None:
    reason = _refusal({**GOOD, **change})
    assert reason is not None
    assert said in reason[0]


def test_refusal_names_the_interpreter_and_what_to_do(tmp_path: Path) -> None:
    fake = tmp_path / "python"
    facts = '{"implementation": "pypy", "version": "3.11.0"}'
    fake.write_text(f"#!/bin/sh\necho '{facts}'\n")
    fake.chmod(0o755)
    with pytest.raises(EnvironmentFailure) as caught:
        describe(fake)
    assert str(fake) in caught.value.message
    assert caught.value.kind == "host-channel"
    assert caught.value.hint is not None
    assert "conda-forge" in caught.value.hint


def test_an_interpreter_that_does_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="nothing-here"):
        describe(tmp_path / "nothing-here")


def test_host_made_packages_are_told_by_their_build_string() -> None:
    assert is_host_made("host_0_cpython")
    assert not is_host_made("h1234567_0_cpython")
