"""Stops inside traps of the script's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cbw_core.errors import UsageError
from cbw_core.trace import Debugger
from support.traced import Traced

Start = Callable[..., Traced]

CLEANUP = """\
cleanup() {
  echo "leaving $1"
  rm -f tmp
}
trap 'cleanup $?; echo over' EXIT
touch tmp
(exit 4)
"""


def _to(one: Traced, function: str) -> None:
    while one.stop().frames[0].function != function:
        one.debugger.step()


def test_a_trap_is_a_level_of_its_own_at_the_line_that_set_it(traced: Start) -> None:
    one = traced(CLEANUP, stop_first=True, on_fail=False)
    _to(one, "cleanup")
    assert [(f.function, f.text_line) for f in one.stop().frames] == [("cleanup", 1), ("trap EXIT", 5)]
    one.debugger.step()
    assert one.at() == (2, 'echo "leaving $1"')  # not the command that the trap interrupted
    one.debugger.finish()
    assert one.at() == (5, "cleanup $?; echo over")
    one.debugger.next()
    assert one.end() == 4
    assert one.lines == ["leaving 4", "over"]


def test_the_calls_below_a_trap_of_failures_are_seen(traced: Start) -> None:
    one = traced("trap 'echo no $LINENO' ERR\nset -E\nf() {\n  false\n}\n\nf\n", stop_first=True, on_fail=False)
    _to(one, "trap ERR")
    found = [(f.function, f.text_line) for f in one.stop().frames]
    assert found == [("trap ERR", 1), ("f", 4), ("main", 7)]
    one.debugger.cont()
    assert one.end() == 1
    assert one.lines[0] == "no 4"


def test_a_breakpoint_holds_in_a_function_that_a_trap_calls_and_not_on_its_text(traced: Start) -> None:
    debugger = Debugger(on_fail=False)
    debugger.add("line", "3")
    debugger.add("line", "5")
    one = traced(CLEANUP, debugger=debugger)
    assert one.at() == (5, "trap 'cleanup $?; echo over' EXIT")
    debugger.cont()
    assert one.at() == (3, "rm -f tmp")
    debugger.cont()
    assert one.end() == 4


def test_a_failure_in_a_trap_stops_there(traced: Start) -> None:
    one = traced("trap 'rm none\necho no' EXIT\nfalse || true\n")
    stop = one.stop()
    assert (stop.reason, stop.frames[0].function, stop.text_line) == ("failure", "trap EXIT", 1)
    one.edit("rm none", "true")
    with pytest.raises(UsageError, match="cannot go back"):
        one.debugger.reload()
        one.debugger.cont()
    one.debugger.drop_pending()
    one.debugger.cont()
    assert one.end() == 1


def test_from_a_trap_of_failures_the_script_cannot_go_on_elsewhere(traced: Start) -> None:
    debugger = Debugger(on_fail=False)
    debugger.add("function", "report")
    one = traced("report() { echo failed; }\ntrap report ERR\necho a\nfalse\necho b\n", debugger=debugger)
    assert one.stop().frames[1].function == "trap ERR"
    one.edit("false", "echo fixed")
    assert debugger.reload(4).line == 4
    with pytest.raises(UsageError, match="in its trap ERR"):
        debugger.cont()
    debugger.drop_pending()
    debugger.cont()
    assert one.end() == 1
    assert one.lines == ["a", "failed"]


def test_at_a_failure_the_script_goes_on_before_its_trap_runs(traced: Start) -> None:
    one = traced("trap 'echo failed' ERR\necho a\nfalse\necho b\n")
    assert (one.at(), one.stop().frames[0].function) == ((3, "false"), "main")
    one.edit("false", "echo fixed")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0
    assert "fixed" in one.lines and "b" in one.lines
