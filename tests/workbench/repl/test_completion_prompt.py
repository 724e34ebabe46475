"""Completion at the prompt, with live data."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from cbw_workbench.commands import Context
from cbw_workbench.repl.completion import CommandCompleter, candidates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my-recipe").mkdir()
    (tmp_path / "my-recipe" / "meta.yaml").write_text("")
    (tmp_path / "my-folder").mkdir()
    (tmp_path / "my.conda").write_text("")
    (tmp_path / "my.txt").write_text("")
    (tmp_path / ".my-hidden").mkdir()
    return tmp_path


def words(context: Context, text: str) -> list[str]:
    return [word for word, _ in candidates(context, text)]


def test_commands_at_the_beginning(context: Context) -> None:
    assert words(context, "re") == ["render", "rerun", "rewind", "reload"]
    assert "quit" in words(context, "")
    assert "repl" not in words(context, "")


def test_phases_options_and_nothing_for_an_unknown_command(context: Context) -> None:
    assert words(context, "rewind p") == ["post", "package"]
    assert words(context, "build --no-t") == ["--no-test"]
    assert words(context, "nothing ") == []


def test_recipes_and_packages_where_a_recipe_stands(context: Context, folder: Path) -> None:
    assert words(context, "debug my") == ["my-folder/", "my-recipe", "my.conda"]


def test_all_files_where_a_path_stands(context: Context, folder: Path) -> None:
    assert words(context, "build r -m my") == ["my-folder/", "my-recipe/", "my.conda", "my.txt"]


def test_a_command_behind_fails_is_completed_as_alone(context: Context) -> None:
    assert words(context, "fails rew") == ["rewind"]
    assert words(context, "fails run pac") == ["package"]


def test_sessions_are_completed_by_name(context: Context, folder: Path) -> None:
    assert words(context, "use my-r") == ["my-recipe"]


def test_completer_replaces_the_last_word(context: Context) -> None:
    found = list(CommandCompleter(context).get_completions(Document("run pa"), CompleteEvent()))
    assert [(c.text, c.start_position) for c in found] == [("package", -2)]
    assert not list(CommandCompleter(context).get_completions(Document("!ru"), CompleteEvent()))
