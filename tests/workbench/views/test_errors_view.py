"""How an error reads."""

from __future__ import annotations

from pathlib import Path

from cbw_core.errors import BuildError, EnvironmentFailure, Interrupted, Place, RecipeError
from cbw_workbench.views import draw_error
from cbw_workbench.views.errors import error_text


def test_line_of_the_recipe_with_a_caret_under_the_text(tmp_path: Path) -> None:
    recipe = tmp_path / "meta.yaml"
    recipe.write_text("package:\n  name: x\n  versoin: 1\n")
    error = RecipeError(
        "unknown field 'versoin'",
        place=Place(str(recipe), 3, 3, "versoin"),
        hint="Did you mean 'version'?",
        phase="render",
    )
    lines = error_text(error).splitlines()
    assert lines[0] == "error[recipe] in render: unknown field 'versoin'"
    assert "meta.yaml:3:3" in lines[1]
    assert lines[3] == "  3 |   versoin: 1"
    assert lines[4] == "    |   ^^^^^^^"
    assert lines[-1] == "  next: Did you mean 'version'?"


def test_caret_by_text_where_the_column_is_not_known(tmp_path: Path) -> None:
    recipe = tmp_path / "meta.yaml"
    recipe.write_text("build:\n\tscript: make\n")
    lines = error_text(RecipeError("no", place=Place(str(recipe), 2, None, "make"))).splitlines()
    assert lines[3].index("make") == lines[4].index("^")


def test_text_of_the_place_where_the_file_is_gone() -> None:
    lines = error_text(RecipeError("no", place=Place("/nowhere/meta.yaml", 7, 1, "{{ x }}"))).splitlines()
    assert lines[3] == "  7 | {{ x }}"


def test_place_without_a_line_names_the_file_only() -> None:
    text = error_text(EnvironmentFailure("writing failed", place=Place("/nowhere/disk")))
    assert "--> /nowhere/disk\n" in text


def test_column_past_the_end_draws_no_caret_and_does_not_fail(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("ab\n")
    assert "^" not in error_text(RecipeError("no", place=Place(str(file), 1, 99)))
    assert "^" not in error_text(RecipeError("no", place=Place(str(file), 9, 1)))


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("a\x1b[31mb\n")
    assert "\x1b" not in error_text(RecipeError("no", place=Place(str(file), 1, 1)))


def test_an_error_shows_its_kind_phase_why_and_details() -> None:
    text = error_text(BuildError("build.sh ended with status 2", why="make failed", details="a\nb\n", phase="build"))
    assert text.startswith("error[build] in build: build.sh ended with status 2\n")
    assert "  why: make failed\n" in text
    assert "    a\n    b\n" in text


def test_interrupted_is_no_error() -> None:
    assert error_text(Interrupted("interrupted", phase="build")) == "interrupted in build\n"


def test_markup_in_a_message_is_text() -> None:
    from rich.console import Console

    console = Console(width=80)
    with console.capture() as captured:
        console.print(draw_error(RecipeError("a [bold]b[/bold] [/x]")))
    assert "a [bold]b[/bold] [/x]" in captured.get()
