"""With the debugger on a script does what it does without: same output, errors, exit status and files."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from cbw_core.errors import Place
from cbw_core.trace import Debugger, Target
from support.traced_scripts import NO_ERREXIT, SCRIPTED, fits, same_names, word_of


def _run(folder: Path, text: str, errexit: bool, debugger: Debugger | None) -> tuple[str, str, int, dict[str, bytes]]:
    """(stdout, stderr, exit status, files): streams are pipes, so that they are told apart."""
    work, prefix = folder / "work", folder / "prefix"
    for place in (work, prefix):
        place.mkdir(parents=True)
    script = work / "conda_build.sh"
    script.write_text(text)
    argv = ["bash", *(["-o", "errexit"] if errexit else []), str(script)]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PREFIX": str(prefix), "LC_ALL": "C"}

    def start(extra: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=work, env={**env, **extra}, input="fed\n", capture_output=True, text=True, timeout=60, check=False
        )

    if debugger is None:
        done = start({})
    else:
        target = Target(
            "build", "build.sh", script, 0, text, str(script), lambda _, n: Place("build.sh", n), str, prefix, work
        )
        with debugger.tracing(target, folder / "trace", lambda event: None) as traced:
            done = start({"BASH_ENV": str(traced.prelude)})
            traced.status = done.returncode
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for top in (work, prefix)
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }
    return done.stdout, done.stderr, done.returncode, files


def _plain(ran: tuple[str, str, int, dict[str, bytes]], folder: Path) -> tuple[object, ...]:
    """Without what differs from run to run: the folder, process ids and temporary names."""

    def same(text: str) -> str:
        text = re.sub(r"tmp\.\w+", "tmp.X", text.replace(str(folder), "HERE"))
        return re.sub(r"/dev/fd/\d+", "/dev/fd/N", text)

    return same(ran[0]), same(ran[1]), ran[2], {k: v.replace(bytes(folder), b"HERE") for k, v in ran[3].items()}


Alone = Callable[[str], tuple[object, ...]]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """What a script does with bash alone."""

    @cache
    def alone(name: str) -> tuple[object, ...]:
        folder = tmp_path_factory.mktemp("alone") / "run"
        return _plain(_run(folder, SCRIPTED[name].text, name not in NO_ERREXIT, None), folder)

    return alone


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_script_runs_as_with_bash_alone(name: str, tmp_path: Path, alone: Alone) -> None:
    folder = tmp_path / "debug"
    traced = _run(folder, SCRIPTED[name].text, name not in NO_ERREXIT, Debugger(on_fail=False))
    assert _plain(traced, folder) == alone(name)


@pytest.mark.parametrize("how", ["step", "next"])
@pytest.mark.parametrize("name", SCRIPTED)
def test_a_script_gone_through_stops_where_it_should_and_does_the_same(
    name: str, how: str, tmp_path: Path, alone: Alone
) -> None:
    script, folder = SCRIPTED[name], tmp_path / "debug"
    debugger = Debugger(on_fail=False, stop_first=True)
    words: list[str] = []
    driver = threading.Thread(target=_drive, args=(debugger, how, words))
    driver.start()
    traced = _run(folder, script.text, name not in NO_ERREXIT, debugger)
    driver.join(30)
    assert _plain(traced, folder) == alone(name)
    expected = getattr(script, how)
    assert fits(same_names(words), expected), f"{' '.join(words)}\nexpected: {' '.join(expected)}"


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_script_that_is_recorded_and_watched_does_the_same(name: str, tmp_path: Path, alone: Alone) -> None:
    folder = tmp_path / "debug"
    debugger = Debugger(on_fail=False, record=3)  # and then only the top level
    debugger.add("command", "no @(such) command*")
    debugger.add("variable", "NO_SUCH_VARIABLE")
    traced = _run(folder, SCRIPTED[name].text, name not in NO_ERREXIT, debugger)
    assert _plain(traced, folder) == alone(name)


def _drive(debugger: Debugger, how: str, words: list[str]) -> None:
    while debugger.run is None:
        threading.Event().wait(0.005)
    while (stop := debugger.wait(30)) is not None:
        words.append(word_of(stop))
        getattr(debugger, how)()


def test_the_table_is_as_large_as_it_is_said_to_be() -> None:
    assert len(SCRIPTED) >= 145
    assert not any(one.text.strip().strip("#abc \n") and not one.step for one in SCRIPTED.values())


@pytest.mark.parametrize(
    ("got", "expected", "holds"),
    [
        ("1 2", "1 2", True),
        ("1", "1 2", False),
        ("1 2 3", "1 2", False),
        ("(1) 2 3", "[ (1) | 2 ] 3", True),
        ("2 (1) 3", "[ (1) | 2 ] 3", True),
        ("2 4 (1) 3", "[ (1) 3 | 2 4 ]", True),
        ("4 2 (1) 3", "[ (1) 3 | 2 4 ]", False),
    ],
)
def test_the_tables_words_are_read(got: str, expected: str, holds: bool) -> None:
    assert fits(got.split(), expected.split()) is holds
