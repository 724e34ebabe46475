"""The table of keys is whole: each key once, each command line one that exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from textual.binding import Binding

from cbw_workbench.commands.run import read
from cbw_workbench.tui.keys import KEYS, bindings, by_action, fill, keys_of
from cbw_workbench.tui.screens.help import help_text
from cbw_workbench.tui.screens.table import TABLE
from cbw_workbench.tui.widgets.keyline import offered

DOCS = Path(__file__).resolve().parents[3] / "docs" / "workbench.md"


def test_no_key_stands_twice_on_a_screen() -> None:
    for entry in TABLE:
        for standing in (True, False):
            table = [key for key in keys_of(entry.name) if key.is_for(standing=standing)]
            keys = [one for key in table for one in key.keys.split(",")]
            assert sorted(set(keys)) == sorted(keys)


def test_every_key_runs_a_command_or_an_action() -> None:
    assert all(bool(key.line) != bool(key.action) for key in KEYS)


def test_every_command_line_of_a_key_can_be_read() -> None:
    for key in KEYS:
        if key.line:
            line = fill(key.line, {"phase": "build", "output": "zoo-1.0-0", "pick": "test"})
            assert read(line, "tui").command is not None, line


def test_every_action_of_a_key_exists() -> None:
    screens = {entry.name: entry.screen for entry in TABLE}
    for key in KEYS:
        name = re.split(r"\(", key.action)[0]
        for screen in (screens[key.screen],) if key.screen else screens.values():
            assert not name or hasattr(screen, f"action_{name}") or name == "command_palette", key


def test_bindings_are_made_from_the_table() -> None:
    made = {b.key: b for b in bindings("main") if isinstance(b, Binding)}
    assert made["s"].action == "run_line('step')"
    assert made["ctrl+c"].priority


def test_binding_finds_its_row_again() -> None:
    phases, commands = (by_action("run_line", ("step",), screen) for screen in ("main", "script"))
    assert phases.label == commands.label == "Step" and (phases.when, commands.when) == ("", "stop")  # type: ignore[union-attr]
    assert by_action("cancel", ()).busy  # type: ignore[union-attr]


def test_help_names_every_key_and_command() -> None:
    text = help_text(keys_of("main")).plain
    for key in keys_of("main"):
        assert key.help in text
    for name in ("step", "rewind", "sessions", "quit"):
        assert f"  {name} " in text


def test_docs_name_every_key() -> None:
    text = DOCS.read_text()
    for key in KEYS:
        for one in key.shown_keys.split():
            assert f"`{one}`" in text, one


def test_line_of_keys_fits_and_leaves_out_what_makes_no_sense() -> None:
    keys = keys_of("main")
    at_rest = offered(keys, busy=False, jobs=False, width=80)
    assert {"Step", "Run", "Rerun", "Rewind", "Help", "Quit"} <= {key.label for key in at_rest}
    assert sum(len(key.shown_keys.split()[0]) + len(key.label) + 2 for key in at_rest) - 1 <= 80
    at_work = {key.label for key in offered(keys, busy=True, jobs=True, width=80)}
    assert "Cancel" in at_work and not {"Step", "Run"} & at_work
    assert len(offered(keys, busy=False, jobs=False, width=300)) == len(keys) - 1


def test_textual_is_imported_only_when_the_screen_opens() -> None:
    code = "import sys, cbw_workbench.tui; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
