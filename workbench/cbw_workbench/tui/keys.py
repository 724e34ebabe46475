"""The keys: one table. A key stands for a command line, or for a move of the screen itself.

The help screen, the line of keys and the bindings are made from it; a test holds docs/workbench.md against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from textual.binding import Binding, BindingType

PICK = "{pick}"


@dataclass(frozen=True)
class Key:
    """One row.

    keys:   as Textual names them, comma between alternatives ("!,S").
    label:  a word for the line of keys, help: a line for the help screen; footer: it is always in that line.
    line:   the command line it runs: {phase} and {output} stand for what is selected, {pick} asks for a phase.
    action: the action of the screen it stands for, when it runs no command.
    screen: the screen it belongs to; "" for all.
    idle:   it makes sense only while no phase runs; busy: only while one does.
    when:   "stop": only where a script stands at a stop; "rest": only where none does: what would end it takes more
            than a key.
    """

    keys: str
    label: str
    help: str
    line: str = ""
    action: str = ""
    screen: str = ""
    footer: bool = False
    idle: bool = False
    busy: bool = False
    when: Literal["", "stop", "rest"] = ""

    def is_for(self, *, standing: bool) -> bool:
        """Whether it makes sense, by whether a script stands at a stop."""
        return self.when == "" or standing == (self.when == "stop")

    @property
    def name(self) -> str:
        """What the action `key` is called with."""
        return self.line or self.action

    @property
    def shown_keys(self) -> str:
        return " ".join(_SHOWN.get(key, key) for key in self.keys.split(","))


_SHOWN = {
    "exclamation_mark": "!", "colon": ":", "question_mark": "?", "slash": "/", "left_square_bracket": "[",
    "right_square_bracket": "]", "ctrl+p": "^p", "ctrl+c": "^c", "ctrl+z": "^z",
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
}  # fmt: skip

_SCRIPT: tuple[Key, ...] = (
    Key("s", "Step", "to the next command, into functions and sourced files", line="step", footer=True, when="stop"),
    Key("n", "Next", "to the next command, over functions and sourced files", line="next", footer=True, when="stop"),
    Key("f", "Finish", "to the end of this function or sourced file", line="finish", footer=True, when="stop"),
    Key("u", "Until", "to the line of the cursor", action="until_here", footer=True, when="stop"),
    Key("c", "Continue", "on to the next stop or the end", line="continue", footer=True, when="stop"),
    Key("r", "Run", "run up to a phase (r 4: up to build)", line="run {pick}", footer=True, idle=True, when="rest"),
    Key("b", "Break", "a breakpoint at the line of the cursor, or away", action="toggle_break", footer=True),
    Key("e", "Edit", "the script in $VISUAL or $EDITOR, then read in", line="edit", footer=True, when="stop"),
    Key("r", "Reload", "read the edited script in: c goes on with it", line="reload", footer=True, when="stop"),
    Key("w", "Where", "the calls, options and background jobs", line="where --all", when="stop"),
    Key("w", "Rewind", "undo, to before the selected phase", line="rewind {phase}", idle=True, when="rest"),
    Key("R", "Rerun", "run the selected phase again", line="rerun {phase}", idle=True, when="rest"),
    Key("ctrl+c", "Stop here", "end the command that runs and stand", action="interrupt", footer=True, busy=True),
    Key("x", "End", "end the script that runs", action="cancel", footer=True, busy=True),
    Key("p", "Eval", "a command in the script's own shell", action="prompt_for('eval ')", when="stop"),
    Key("U", "Back", "to where the line of the cursor began (snapshots)", action="back_here", when="stop"),
    Key("C", "Ignore", "behind the failed command, as if it had not failed", line="continue --ignore", when="stop"),
    Key("B", "Break if", "a condition for the breakpoint at the cursor", action="break_if"),
    Key("t", "Timeline", "what the lines of the recorded build took", line="inspect timeline"),
    Key("m", "Made", "which line made each file", line="inspect blame"),
    Key("l", "Output", "what the script says", action="show('log')"),
    Key("v", "Results", "what commands gave back", action="show('results')"),
    Key("o", "Source", "to the source", action="show('source')"),
    Key("g", "Go to", "the line where the script stands", action="go_to_stop"),
    Key("left_square_bracket", "Before", "the file before", action="turn(-1)"),
    Key("right_square_bracket", "After", "the next file", action="turn(1)"),
)

KEYS: tuple[Key, ...] = (
    *(replace(key, screen="script", idle=key.idle or key.when == "stop") for key in _SCRIPT),
    Key("s", "Step", "run the next phase", line="step", footer=True, idle=True),
    Key("r", "Run", "run up to a phase (r 4: up to build)", line="run {pick}", footer=True, idle=True, when="rest"),
    Key("R", "Rerun", "run the selected phase again", line="rerun {phase}", footer=True, idle=True, when="rest"),
    Key(
        "w", "Rewind", "undo, to before the selected phase", line="rewind {phase}", footer=True, idle=True, when="rest"
    ),
    Key("x,ctrl+c", "Cancel", "stop what runs", action="cancel", footer=True, busy=True),
    Key("exclamation_mark,S", "Shell", "a shell in the environment", line="shell", footer=True),
    Key("T", "Test shell", "a shell in the test environment", line="shell --phase test"),
    Key("l", "Log", "the log of the selected phase", action="show('log')", screen="main", footer=True),
    Key("e", "Error", "what went wrong, where, why, what next", action="show('error')", screen="main", footer=True),
    Key("o", "Source", "the recipe and the scripts", action="show('source')", screen="main", footer=True),
    Key("v", "Results", "what commands gave back", action="show('results')", screen="main"),
    Key("g", "Go to", "the line to blame", action="go_to_place", screen="main"),
    Key("left_square_bracket", "Before", "the file or page before", action="turn(-1)", screen="main"),
    Key("right_square_bracket", "After", "the next file or page", action="turn(1)", screen="main"),
    Key("c", "Compare", "against a package: name it at the prompt", action="compare", screen="hash", footer=True),
    Key("a", "Again", "ask once more", action="ask_again", screen="hash", footer=True),
    Key("f", "Findings", "only what is wrong, and all again", action="findings", screen="linkages", footer=True),
    Key(
        "v", "Verdict", "only files with a verdict, chosen from a list", action="filter", screen="linkages", footer=True
    ),
    Key("a", "Again", "check once more", action="ask_again", screen="linkages", footer=True),
    Key("z", "Zoom", "the focused pane on the whole screen, and back", action="zoom"),
    Key("slash", "Search", "search the log or the source; n and N go on", action="search"),
    Key("i", "Status", "phases, paths, what is stale and why", line="status"),
    Key("f2", "Session", "the phases, the source and the log", action="go('main')"),
    Key("f3", "Hash", "what makes the hash, and where it comes from", action="go('hash')"),
    Key("f4", "Linkages", "which libraries are needed, whose they are, what is wrong", action="go('linkages')"),
    Key("f6", "Script", "the debugger: where a script stands", action="go('script')"),
    Key("f5", "Refresh", "look again how the phases stand", action="refresh_rows"),
    Key("ctrl+z", "Suspend", "to the shell; `fg` comes back", action="suspend"),
    Key("question_mark", "Help", "this page", action="help", footer=True),
    Key("colon", "Cmd", "a command line", action="prompt", footer=True),
    Key("ctrl+p", "Palette", "every command by name", action="command_palette"),
    Key("q", "Quit", "leave; asks when a phase runs", action="leave", footer=True),
)


def keys_of(screen: str, table: Iterable[Key] = KEYS) -> tuple[Key, ...]:
    """The keys of a screen: its own, and those of all that it does not use for something else."""
    found = tuple(key for key in table if key.screen in ("", screen))
    own = {one for key in found if key.screen for one in key.keys.split(",")}
    return tuple(key for key in found if key.screen or own.isdisjoint(key.keys.split(",")))


def bindings(screen: str) -> list[BindingType]:
    """The keys of a screen as Textual's bindings.

    They have priority, that is they act before the focused widget is asked: what is typed right after one of them,
    however quickly, goes where it leads (`r` `4`, `:step`). The screen's check_action leaves keys to a text input.
    """
    found: list[BindingType] = []
    for key in keys_of(screen):
        action = key.action or f"run_line({key.line!r})"
        for one in key.keys.split(","):
            found.append(Binding(one, action, key.label, show=False, priority=True))
    return found


def by_action(action: str, parameters: tuple[object, ...], screen: str = "") -> Key | None:
    """The row of a screen that an action stands for."""
    rows = keys_of(screen)
    if action == "run_line" and parameters:
        return next((key for key in rows if key.line == parameters[0]), None)
    return next((key for key in rows if re.split(r"\(", key.action)[0] == action), None)


def fill(line: str, values: Mapping[str, str]) -> str:
    """A command line with its {names} replaced."""
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), line)
