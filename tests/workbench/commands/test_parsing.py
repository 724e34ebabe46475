"""Lines to commands and arguments."""

from __future__ import annotations

import pytest

from cbw_core.errors import UsageError
from cbw_workbench.commands.line import split
from cbw_workbench.commands.run import read


def test_quotes_and_comments_as_in_a_shell() -> None:
    assert split("shell -c 'echo \"a b\"'  # look") == ["shell", "-c", 'echo "a b"']
    assert split("  # only a comment") == []


def test_pattern_of_assert_output_keeps_its_backslashes_and_blanks() -> None:
    assert split(r"assert output /a\.b  'c' \d/  # why") == ["assert", "output", r"/a\.b  'c' \d/"]
    assert split("assert not  output /# x/") == ["assert", "not", "output", "/# x/"]
    assert split("assert output 'a b' c") == ["assert", "output", "a b", "c"]


def test_open_quote_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="quote"):
        split("shell -c 'echo")


def test_exclamation_takes_the_rest_of_the_line_as_it_is() -> None:
    assert split("!echo 'it # is' | wc") == ["!", "echo 'it # is' | wc"]
    assert read("!ls -l --color", "repl").args.words == ["ls -l --color"]


def test_empty_line_is_no_command() -> None:
    assert read("   ", "repl").command is None


def test_help_asks_for_nothing_else() -> None:
    parsed = read(["debug", "--help"], "cli")
    assert parsed.help is not None
    assert "RECIPE|PACKAGE" in parsed.help


def test_missing_argument_is_a_usage_error_and_no_exit() -> None:
    with pytest.raises(UsageError, match="required"):
        read(["build"], "cli")


def test_unknown_option_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        read(["debug", "--output-di", "x", "recipe"], "cli")
    assert "--output-id" in (caught.value.hint or "")


def test_options_are_not_abbreviated() -> None:
    with pytest.raises(UsageError):
        read(["debug", "--act", "recipe"], "cli")


def test_unknown_phase_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        read(["run", "biuld"], "cli")
    assert "'build'" in (caught.value.hint or "")


@pytest.mark.parametrize("option", ["--token", "--old-build-string", "--user"])
def test_option_that_is_not_honoured_is_refused_by_name(option: str) -> None:
    with pytest.raises(UsageError, match=f"^{option.split('=')[0]} is not supported"):
        read(["build", "recipe", option], "cli")


def test_option_refused_also_with_a_value_of_its_own() -> None:
    with pytest.raises(UsageError, match="--token is not supported"):
        read(["build", "--token", "secret", "recipe"], "cli")


def test_option_without_effect_is_accepted() -> None:
    assert read(["build", "recipe", "--no-lock", "--no-anaconda-upload", "--no-verify"], "cli").args.recipe == [
        "recipe"
    ]


def test_channel_for_a_session_command_is_told_why_not() -> None:
    with pytest.raises(UsageError) as caught:
        read(["run", "build", "-c", "host"], "cli")
    assert "channels it was made with" in (caught.value.hint or "")


def test_set_takes_minus_e_and_plus_e() -> None:
    assert read("set -e", "repl").args.on is True
    assert read("set +e", "repl").args.on is False


def test_assert_keeps_what_looks_like_an_option() -> None:
    assert read("assert output -O2 --fast", "repl").args.words == ["output", "-O2", "--fast"]
