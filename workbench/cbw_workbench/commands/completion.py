"""Completion: the words that may stand at a place of a command line, from the declarations; and scripts for shells."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from cbw_workbench.commands.command import Arg, Command
from cbw_workbench.commands.finding import Table, commands_of
from cbw_workbench.commands.phases import PHASE_NAMES


@dataclass(frozen=True)
class Wanted:
    """What may stand at the cursor: fixed words, option names (with help), and a kind of live data ("path", "recipe",
    "phase", "session", "command" or "")."""

    words: tuple[tuple[str, str], ...] = ()
    kind: str = ""


def options_of(command: Command) -> dict[str, Arg]:
    """The options of a command that help shows, by each of their names."""
    args = [arg for one in command.members or (command,) for arg in one.args]
    shown = {n: a for a in args if a.help != argparse.SUPPRESS for n in a.names if n.startswith("-")}
    return {**shown, "--json": Arg(("--json",), "print JSON", {"action": "store_true"}), "--help": _HELP}


_HELP = Arg(("-h", "--help"), "show the help", {"action": "help"})


def takes_value(arg: Arg) -> bool:
    return not str(arg.options.get("action", "store")).startswith(("store_", "help"))


def _of_arg(arg: Arg) -> Wanted:
    if arg.complete == "phase":
        return Wanted(tuple((name, "") for name in PHASE_NAMES))
    return Wanted(tuple((str(c), "") for c in arg.options.get("choices") or ()), arg.complete)


def wanted(command: Command, before: Sequence[str], current: str) -> Wanted:
    """What may stand where `current` is being typed, after the words `before` (without the command's name)."""
    if command.members:
        member = next((m for m in command.members if before and m.word == before[0]), None)
        if member:
            return wanted(member, before[1:], current)
        return Wanted(tuple((m.word, m.summary) for m in command.members)) if not before else Wanted()
    named = options_of(command)
    if before and before[-1] in named and takes_value(named[before[-1]]):
        return _of_arg(named[before[-1]])
    if current.startswith("-"):
        return Wanted(tuple((name, arg.help) for name, arg in named.items()))
    skip = False
    given = 0
    for word in before:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in named and takes_value(named[word])
        else:
            given += 1
    positional = [arg for arg in command.args if not arg.names[0].startswith("-")]
    if not positional:
        return Wanted()
    many = positional[-1].options.get("nargs") in ("+", "*")
    return _of_arg(positional[min(given, len(positional) - 1)]) if given < len(positional) or many else Wanted()


def script_for(commands: Table, shell: str) -> str:
    """A completion script for bash, zsh or fish, complete in itself."""
    shown = tuple(commands_of(commands, "cli").values())
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](shown)


def _first_words(command: Command, shown: Sequence[Command]) -> tuple[str, bool]:
    """The fixed words of a command's positional arguments, and whether files fit there."""
    members = command.members
    positional = [a for one in members or (command,) for a in one.args if not a.names[0].startswith("-")]
    found = [_of_arg(arg) for arg in positional]
    words = [member.word for member in members] + [word for one in found for word, _ in one.words]
    if any(arg.complete == "command" for arg in positional):
        words += [other.name for other in shown]
    return " ".join(words), any(one.kind in ("path", "recipe", "session") for one in found)


def _bash(shown: Sequence[Command]) -> str:
    cases = []
    for command in shown:
        words, files = _first_words(command, shown)
        names = " ".join(options_of(command))
        fallback = ' ; COMPREPLY+=($(compgen -f -- "$word"))' if files else ""
        cases.append(
            f"    {command.name})\n"
            f'      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "{names}" -- "$word"))\n'
            f'      else COMPREPLY=($(compgen -W "{words}" -- "$word")){fallback}; fi ;;\n'
        )
    verbs = " ".join(command.name for command in shown)
    return (
        '# completion of cbw for bash: eval "$(cbw completion bash)"\n'
        "_cbw() {\n"
        "  local word=${COMP_WORDS[COMP_CWORD]}\n"
        "  COMPREPLY=()\n"
        '  if [[ $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W "'
        + verbs
        + ' --help --version" -- "$word")); return; fi\n'
        "  case ${COMP_WORDS[1]} in\n" + "".join(cases) + "  esac\n"
        "}\n"
        "complete -o filenames -F _cbw cbw\n"
    )


def _zsh(shown: Sequence[Command]) -> str:
    verbs = "\n".join(f"    {_quoted(f'{c.name}:{c.summary}')}" for c in shown)
    cases = []
    for command in shown:
        words, files = _first_words(command, shown)
        names = " ".join(options_of(command))
        adds = [f"compadd -- {words}" if words else "", "_files" if files else ""]
        body = "; ".join(a for a in adds if a) or ":"
        cases.append(f"    {command.name}) if [[ $PREFIX == -* ]]; then compadd -- {names}; else {body}; fi ;;\n")
    return (
        "#compdef cbw\n# completion of cbw for zsh: source <(cbw completion zsh)\n"
        "_cbw() {\n  local -a verbs\n  verbs=(\n" + verbs + "\n  )\n"
        "  if (( CURRENT == 2 )); then _describe command verbs; return; fi\n"
        "  case $words[2] in\n" + "".join(cases) + "  esac\n}\n"
        "if [[ $funcstack[1] == _cbw ]]; then _cbw; else compdef _cbw cbw; fi\n"
    )


def _fish(shown: Sequence[Command]) -> str:
    lines = ["# completion of cbw for fish: cbw completion fish | source", "complete -c cbw -f"]
    for command in shown:
        here = f"-n '__fish_seen_subcommand_from {command.name}'"
        lines.append(f"complete -c cbw -n __fish_use_subcommand -a {command.name} -d {_quoted(command.summary)}")
        words, files = _first_words(command, shown)
        if files:
            lines.append(f"complete -c cbw {here} -F")
        if words:
            lines.append(f"complete -c cbw {here} -a {_quoted(words)}")
        seen = set()
        for arg in options_of(command).values():
            if arg.names in seen:
                continue
            seen.add(arg.names)
            flags = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in arg.names)
            value = " -r" if takes_value(arg) else ""
            lines.append(f"complete -c cbw {here} {flags}{value} -d {_quoted(arg.help)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
