"""Completion at the prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbw_workbench.tui.completing import completions


def test_first_word_is_a_command(tmp_path: Path) -> None:
    assert completions("re", tmp_path) == ("render ", "rerun ", "rewind ", "reload ")


@pytest.mark.parametrize(
    ("line", "first"), [("run b", "run build "), ("rerun te", "rerun test "), ("run ", "run render ")]
)
def test_phases_are_completed(line: str, first: str, tmp_path: Path) -> None:
    assert completions(line, tmp_path)[0] == first


def test_options_are_completed(tmp_path: Path) -> None:
    assert "step --session " in completions("step --se", tmp_path)


def test_sessions_are_completed_with_their_names(tmp_path: Path) -> None:
    assert completions("use debug_2", tmp_path, lambda: ["debug_1", "debug_2"]) == ("use debug_2 ",)


def test_paths_are_completed_and_folders_go_on(tmp_path: Path) -> None:
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "meta.yaml").touch()
    assert completions("debug zo", tmp_path) == ("debug zoo/",)
    assert completions("debug zoo/", tmp_path) == ("debug zoo/meta.yaml ",)
    assert completions(f"debug {tmp_path}/z", Path("/")) == (f"debug {tmp_path}/zoo/",)


@pytest.mark.parametrize("line", ["nonsense x", 'run "', "run build x y z"])
def test_nothing_fits_what_is_not_understood(line: str, tmp_path: Path) -> None:
    assert completions(line, tmp_path) == ()
