"""Builds without a network, and scripts that are given secrets."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from cbw_core.build import environment, run_build
from cbw_core.build.running import isolated
from cbw_core.errors import BuildError, EnvironmentFailure
from cbw_core.events import Recorder

TRY = """
import socket
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname(), 5)
print("loopback works")
try:
    socket.create_connection(("198.51.100.1", 80), 5)  # a network for documentation: nobody is there
except OSError as error:
    print("outside:", error.errno)
"""
UNREACHABLE = 101


@pytest.fixture(scope="module")
def _namespaces(tmp_path_factory: pytest.TempPathFactory) -> None:
    report = tmp_path_factory.mktemp("try") / "report"
    subprocess.run(isolated(["true"], report), check=False)
    if report.exists():
        pytest.skip(f"this kernel lets nobody make a network namespace: {report.read_text()}")


@pytest.mark.usefixtures("_namespaces")
def test_an_isolated_build_has_loopback_and_nothing_else(make, layout, config, environ, tmp_path: Path) -> None:
    (tmp_path / "try.py").write_text(TRY)
    output = make(
        {"build.sh": f'{sys.executable} {tmp_path}/try.py; id -u; mkdir -p "$PREFIX"; touch "$PREFIX/made"\n'}
    )
    sink = Recorder()
    run_build(output, layout, dataclasses.replace(config, isolate=True), environ=environ, sink=sink)
    me = subprocess.run(["id", "-u"], capture_output=True, text=True, check=True).stdout.strip()
    assert sink.log()[-3:] == ["loopback works", f"outside: {UNREACHABLE}", me]
    assert (layout.host_prefix / "made").stat().st_uid == int(me)


@pytest.mark.usefixtures("_namespaces")
def test_an_isolated_build_that_fails_is_told_as_any_other(make, layout, config, environ) -> None:
    with pytest.raises(BuildError, match=r"`false` in build.sh, line 2"):
        run_build(
            make({"build.sh": "true\nfalse\n"}),
            layout,
            dataclasses.replace(config, isolate=True),
            environ=environ,
            sink=Recorder(),
        )


def test_what_the_kernel_refuses_is_told_and_nothing_is_run(make, layout, config, environ, monkeypatch) -> None:
    from cbw_core.build import _isolate

    refusing = layout.root / "refusing.py"
    text = Path(_isolate.__file__).read_text()
    refusing.write_text(text.replace("_NEWUSER, _NEWNET = 0x10000000, 0x40000000", "_NEWUSER, _NEWNET = 1, 2"))
    monkeypatch.setattr(_isolate, "__file__", str(refusing))
    with pytest.raises(EnvironmentFailure, match="cannot be cut off from the network") as caught:
        run_build(
            make({"build.sh": "touch ran\n"}),
            layout,
            dataclasses.replace(config, isolate=True),
            environ=environ,
            sink=Recorder(),
        )
    assert "Invalid argument" in (caught.value.why or "") and "--isolate" in (caught.value.hint or "")
    assert not (layout.work / "ran").exists()


def test_secrets_reach_the_script_and_are_shown_nowhere(make, layout, config, environ, tmp_path: Path) -> None:
    told = {"content": 'echo "<$SECRET_TOKEN> $A $PREFIX"; test -n "$SECRET_TOKEN"; echo "$SECRET_TOKEN" >&2; false'}
    output = make(meta={"build": {"script": {**told, "secrets": ["SECRET_TOKEN"], "env": {"A": 1}}}})
    sink, log = Recorder(), tmp_path / "build.log"
    with pytest.raises(BuildError) as caught:
        run_build(output, layout, config, environ=environ, sink=sink, log=log)
    assert "<********> 1 $PREFIX" in sink.log()
    assert f"<********> 1 {layout.host_prefix}" in log.read_text()
    shown = "\n".join([*sink.log(), log.read_text(), str(caught.value.to_json())])
    assert environ["SECRET_TOKEN"] not in shown
    assert environment(output, layout, config, environ=environ)["SECRET_TOKEN"] == environ["SECRET_TOKEN"]
