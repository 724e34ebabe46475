"""What is asked before each command: it never says no where the script is to stop, and shows nothing of itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from cbw_core.trace import Debugger
from cbw_core.trace.quick import loosened
from support.traced import Traced

Start = Callable[..., Traced]
PATTERNS = (
    "make*", "@(make|cmake) *", "!(make)*", "a[bc]d", "x[@(]y", "\\@(a)", "\\\\@(a)", "[ab]@(c|d)", "*[!a]?(b)", "a b",
    "|",
)  # fmt: skip
COMMANDS = ("make", "make -j", "cmake .", "abd", "x@y", "x(y", "@(a)", "\\a", "ac", "bd", "b", "cb", "a b", "|", "")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_for_case_takes_all_that_the_pattern_takes(pattern: str) -> None:
    code = 'for c; do case $c in $l) l1=1;; *) l1=0;; esac; [[ $c == $p ]] && echo "1$l1" || echo "0$l1"; done'
    argv = ["bash", "-c", code, "bash", *COMMANDS]
    done = subprocess.run(
        argv, env={"p": pattern, "l": loosened(pattern)}, capture_output=True, text=True, check=True
    ).stdout.split()
    assert len(done) == len(COMMANDS)
    assert "10" not in done
    if "(" not in pattern:
        assert "01" not in done


def test_breakpoints_of_all_kinds_side_by_side(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("command", "@(echo|printf) [bc]*")
    debugger.add("command", "true deep")
    debugger.add("variable", "x")
    debugger.add("line", "5")
    one = traced("echo a\nprintf bb\nx=1\necho a\necho a5\nf() { true deep; }\nf\necho end\n", debugger=debugger)
    stops = []
    while debugger.wait(20) is not None:
        stops.append(one.at())
        debugger.cont()
    assert stops == [(2, "printf bb"), (4, "echo a"), (5, "echo a5"), (6, "true deep")]


def test_a_variable_that_is_not_set_yet_is_watched_from_a_stop_on(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "2")
    one = traced("echo 1\necho 2\necho 3\nx=1\necho 5\n", debugger=debugger)
    one.stop()
    debugger.add("variable", "x")
    debugger.cont()
    assert one.at() == (5, "echo 5")


@pytest.mark.parametrize(
    "setting", ["", "IFS=1x; ", "IFS=-2; ", "set -u; ", "set -f; ", "shopt -s nullglob; ", "set -x; "]
)
def test_a_line_is_seen_whatever_the_shell_is_set_to(setting: str, traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "3")
    one = traced(f"{setting}:\necho a\necho b\necho c\n", debugger=debugger)
    assert one.at() == (3, "echo b")
    debugger.next()
    assert one.at() == (4, "echo c")
    debugger.cont()
    assert one.end() == 0
    assert [line for line in one.lines if not line.startswith("+")] == ["a", "b", "c"]
    if setting.startswith("set -x"):
        assert [line for line in one.lines if line.startswith("+")] == ["+ :", "+ echo a", "+ echo b", "+ echo c"]


@pytest.mark.parametrize("setting", ["", "set -x; "])
def test_a_line_is_seen_where_stderr_is_closed(setting: str, traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "3")
    one = traced(f'{setting}\nf() {{\n  false || echo in; echo "$? $_"\n}}\nf 2>&-\necho end\n', debugger=debugger)
    while debugger.wait(20) is not None:
        assert one.at()[0] == 3
        debugger.cont()
    assert one.end() == 0
    assert [line for line in one.lines if not line.startswith("+")] == ["in", "0 in", "end"]


def test_next_and_finish_go_over_what_is_below_and_see_breakpoints_there(traced: Start) -> None:
    text = "f() {\n  echo 1\n  g\n}\ng() {\n  echo 2\n}\nf\nf\nf\necho end\n"
    debugger = Debugger(stop_first=True)
    one = traced(text, debugger=debugger)
    assert one.at() == (8, "f")
    debugger.next()
    assert one.at() == (9, "f")
    debugger.add("line", "6")
    debugger.next()
    assert one.at() == (6, "echo 2")
    debugger.finish()
    assert one.at() == (10, "f")
    debugger.remove(1)
    debugger.next()
    assert one.at() == (11, "echo end")


def test_after_a_failure_that_was_ignored_the_script_is_quick_again(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "4")
    one = traced("echo a\nfalse\necho b\necho c\n", debugger=debugger)
    assert one.at() == (2, "false")
    debugger.cont(ignore=True)
    assert one.at() == (4, "echo c")
    assert debugger.evaluate('echo "$__cbw_s$-"').output.strip().startswith("0")
    assert "e" in debugger.stop.flags  # type: ignore[union-attr]


def test_the_scripts_own_words_stay_while_all_is_recorded(traced: Start) -> None:
    one = traced(
        'false || true last\necho "$? $_"\nf() { echo "$1 $_"; }\nf arg\n(exit 3) || echo $?\n',
        record=1000,
        on_fail=False,
    )
    assert one.end() == 0
    assert one.lines == ["0 last", "arg 0 last", "3"]
    made = one.debugger.timeline
    assert made is not None
    assert {p.line: p.runs for p in made.lines} == {1: 2, 2: 1, 3: 2, 4: 1, 5: 2}


@pytest.mark.parametrize("setting", ["", "set -eux; "])
def test_behind_the_commands_recorded_one_by_one_the_top_level_is(setting: str, traced: Start) -> None:
    text = f'{setting}f() {{\n  echo $1; true $_\n}}\nfor i in 1 2 3\ndo\n  f $i\ndone\necho "$_"\necho b\n'
    one = traced(text, record=4, on_fail=False)
    assert one.end() == 0
    assert [line for line in one.lines if not line.startswith("+")] == ["1", "2", "3", "3", "b"]
    made = one.debugger.timeline
    assert made is not None
    assert [p.line for p in made.commands if p.line > 3] == [4, 8, 9]
    assert sum(p.runs for p in made.lines) == 7  # four, and three of the top level
