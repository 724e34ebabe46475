"""The declarations: what holds of every command."""

from __future__ import annotations

import argparse

import pytest

from cbw_core.errors import UsageError
from cbw_workbench.commands import Command, all_commands
from cbw_workbench.commands.finding import find, leaves_of, resolve
from cbw_workbench.commands.parser import HelpAsked, parse, parser_of
from cbw_workbench.commands.run import read

GROUPS = [command for command in all_commands().values() if command.members]
COMMANDS = [leaf for command in all_commands().values() for leaf in command.members or (command,)]
WANTED = {
    "debug", "build", "render", "test", "step", "run", "rerun", "rewind", "status", "sessions", "shell", "repl",
    "purge", "purge-all", "assert", "use", "set", "help", "quit", "log", "config", "completion",
}  # fmt: skip


def test_every_command_of_the_manual_is_there() -> None:
    assert set(all_commands()) >= WANTED


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_help_has_the_examples_and_every_option_that_is_shown(command: Command) -> None:
    with pytest.raises(HelpAsked) as asked:
        parse(command, ["--help"])
    text = str(asked.value)
    assert command.examples
    for example in command.examples:
        assert example in text
    for arg in command.args:
        if arg.help != argparse.SUPPRESS and arg.names[0].startswith("-"):
            assert arg.names[-1] in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_the_examples_of_a_command_can_be_run_as_they_stand(command: Command) -> None:
    import shlex

    for example in command.examples:
        words = shlex.split(example.replace("$(", "").replace(')"', '"').split("|")[-1].split(">")[0])
        if words[0] == "eval":
            words = shlex.split(words[1])
        words = words[1:] if words[0] == "cbw" else words
        if words[0].startswith("!"):
            continue
        found, rest = resolve(all_commands(), words)
        assert found is command
        parse(command, rest)


def test_no_name_or_alias_is_used_twice() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("group", GROUPS, ids=lambda c: c.name)
def test_a_group_lists_its_members_and_runs_none_by_itself(group: Command) -> None:
    text = read(f"{group.name} --help", "cli").help or ""
    for member in group.members:
        assert member.name == f"{group.name} {member.word}"
        assert f"cbw {member.name}" in text
        assert member.summary in text
        assert leaves_of(all_commands(), "cli")[member.name] is member
    with pytest.raises(UsageError, match=f"{group.name} what"):
        read(group.name, "cli")


def test_a_misspelt_member_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        read("inspect hash-input x", "cli")
    assert "`inspect hash-inputs`" in (caught.value.hint or "")


def test_every_command_takes_json() -> None:
    for command in COMMANDS:
        assert "--json" in parser_of(command).format_help()


def test_alias_finds_the_command() -> None:
    assert find(all_commands(), "exit") is find(all_commands(), "quit") is all_commands()["quit"]


def test_unknown_command_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        find(all_commands(), "rewnd")
    assert "'rewind'" in (caught.value.hint or "")


def test_command_of_another_face_says_where_it_is() -> None:
    with pytest.raises(UsageError, match="REPL"):
        find(all_commands(), "assert", "cli")
    with pytest.raises(UsageError, match="command line"):
        find(all_commands(), "repl", "repl")


def test_option_names_of_conda_build_are_known() -> None:
    """Every option of conda-build's render, debug and build either does something or is refused by name."""
    render = (
        "-n --no-source --python --perl --numpy --R --lua --append-file --clobber-file -m --variant-config-files -e "
    )
    render += "--exclusive-config-files --variants --use-channeldata -c --channel --use-local -O --override-channels "
    render += "--repodata-fn --no-lock"
    build = "--output --bootstrap --old-build-string --check -s --source -t --test --no-test -b --build-only --post -p "
    build += "--test-run-post --skip-existing -k --keep-going --keep-old-work --dirty --no-remove-work-dir --croot "
    build += "--build-id-pat --output-folder --cache-dir --no-activate --prefix-length-fallback --prefix-length "
    build += "--no-prefix-length-fallback --long-test-prefix --no-long-test-prefix --merge-build-host --no-locking "
    build += "--extra-deps --error-overlinking --no-error-overlinking --error-overdepending --no-error-overdepending "
    build += "--no-include-recipe --no-copy-test-source-files --zstd-compression-level --package-format --extra-meta "
    build += (
        "--stats-file --suppress-variables -q --quiet --debug --no-anaconda-upload --token --user --label --password"
    )
    for name, options in (
        ("render", render + " --output --bootstrap --old-build-string -f --file --verbose"),
        ("debug", render + " -p --path -o --output-id -a --activate-string-only"),
        ("build", render + " " + build),
    ):
        known = {n for arg in all_commands()[name].args for n in arg.names}
        assert set(options.split()) <= known, name
