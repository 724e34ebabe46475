"""With the debugger on a script does what it does without: same output, errors, exit status and files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from cbw_core.trace import Debugger
from support.traced_scripts import NO_ERREXIT, SCRIPTED, fits, same_names
from support.transparent import drive, plain, run_script

Alone = Callable[[str], tuple[object, ...]]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """What a script does with bash alone."""

    @cache
    def alone(name: str) -> tuple[object, ...]:
        folder = tmp_path_factory.mktemp("alone") / "run"
        return plain(run_script(folder, SCRIPTED[name].text, name not in NO_ERREXIT, None), folder)

    return alone


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_script_runs_as_with_bash_alone(name: str, tmp_path: Path, alone: Alone) -> None:
    folder = tmp_path / "debug"
    traced = run_script(folder, SCRIPTED[name].text, name not in NO_ERREXIT, Debugger(on_fail=False))
    assert plain(traced, folder) == alone(name)


@pytest.mark.parametrize("how", ["step", "next"])
@pytest.mark.parametrize("name", SCRIPTED)
def test_a_script_gone_through_stops_where_it_should_and_does_the_same(
    name: str, how: str, tmp_path: Path, alone: Alone
) -> None:
    script, folder = SCRIPTED[name], tmp_path / "debug"
    debugger = Debugger(on_fail=False, stop_first=True)
    words: list[str] = []
    driver = threading.Thread(target=drive, args=(debugger, how, words))
    driver.start()
    traced = run_script(folder, script.text, name not in NO_ERREXIT, debugger)
    driver.join(30)
    assert plain(traced, folder) == alone(name)
    expected = getattr(script, how)
    assert fits(same_names(words), expected), f"{' '.join(words)}\nexpected: {' '.join(expected)}"


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_script_that_is_recorded_and_watched_does_the_same(name: str, tmp_path: Path, alone: Alone) -> None:
    folder = tmp_path / "debug"
    debugger = Debugger(on_fail=False, record=3)  # and then only the top level
    debugger.add("command", "no @(such) command*")
    debugger.add("variable", "NO_SUCH_VARIABLE")
    traced = run_script(folder, SCRIPTED[name].text, name not in NO_ERREXIT, debugger)
    assert plain(traced, folder) == alone(name)


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
