"""A recorded script that stops, is edited, goes back, or runs very many commands."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest

from cbw_core.process.memory import can_look
from cbw_core.trace import Debugger
from cbw_core.trace.changes import Changed
from cbw_core.trace.stretches import BY_HAND, Pause, by_hand, running_clock
from support.traced import Traced

Script = Callable[..., Traced]


def test_a_clock_stands_still_in_pauses() -> None:
    clock = running_clock([Pause(10, 14, 1), Pause(20, 21, 2)])
    assert [clock(t) for t in (9, 10, 12, 14, 20.5, 22)] == [9, 10, 10, 10, 16, 17]


def test_what_changed_in_a_pause_is_told_apart() -> None:
    pauses = [Pause(10, 14, 3)]
    rows = [Changed("a", 9.9, True), Changed("b", 10.0, True), Changed("c", 14.0, False)]
    script, hand = by_hand(rows, pauses)
    assert [one.path for one in script] == ["a", "c"]
    assert [(one.path, one.line, one.command) for one in hand] == [("b", 3, BY_HAND)]


def test_at_a_stop_the_timeline_so_far_tells_what_ran_without_the_time_it_stood(traced: Script) -> None:
    debugger = Debugger(record=1000)
    debugger.add("line", "3")
    one = traced("echo a > $PREFIX/a\nsleep 0.01\necho b > $PREFIX/b\necho c > $PREFIX/c\n", debugger=debugger)
    assert one.at() == (3, "echo b > $PREFIX/b")
    so_far = debugger.so_far()
    assert so_far is not None
    assert so_far.so_far
    assert [part.line for part in so_far.commands] == [1, 2, 3]
    assert [(f.path, f.line) for f in so_far.files] == [("$PREFIX/a", 1)]
    assert [f.path for f in debugger.files() or ()] == ["$PREFIX/a"]
    debugger.evaluate("echo h > $PREFIX/hand")
    time.sleep(0.3)  # a person thinks
    debugger.next()
    assert one.at() == (4, "echo c > $PREFIX/c")
    assert [f.path for f in debugger.files() or ()] == ["$PREFIX/b"]
    assert [f.path for f in debugger.files() or ()] == ["$PREFIX/b"]  # asked again
    debugger.cont()
    assert one.end() == 0
    made = debugger.timeline
    assert made is not None
    assert not made.so_far
    assert {f.path: (f.line, f.command == BY_HAND) for f in made.files} == {
        "$PREFIX/a": (1, False),
        "$PREFIX/b": (3, False),
        "$PREFIX/c": (4, False),
        "$PREFIX/hand": (3, True),
    }
    assert made.seconds < time.time() - made.began - 0.25


def test_a_file_written_again_is_told_as_changed_since_the_stop(traced: Script) -> None:
    debugger = Debugger(record=1000, stop_first=True)
    one = traced("echo a > $PREFIX/a\necho more >> $PREFIX/a\ntrue\n", debugger=debugger)
    one.stop()
    assert debugger.files() == ()
    assert debugger.files(most=-1) is None
    debugger.next()
    assert one.at()[0] == 2
    assert [(f.path, f.made) for f in debugger.files() or ()] == [("$PREFIX/a", True)]
    debugger.next()
    assert one.at()[0] == 3
    assert [(f.path, f.made) for f in debugger.files() or ()] == [("$PREFIX/a", False)]
    debugger.cont()
    assert one.end() == 0


def test_what_was_seen_at_a_stop_is_not_blamed_on_the_command_that_stood_there(traced: Script) -> None:
    debugger = Debugger(record=1000, stop_first=True)
    text = "".join(f"echo {n} > $PREFIX/f{n}\ntest -e $PREFIX/f{n}  # and > f{n}\n" for n in range(8))
    one = traced(text, debugger=debugger)
    one.stop()
    for line in range(2, 17):
        debugger.next()
        assert one.at()[0] == line
        debugger.files()
    debugger.cont()
    assert one.end() == 0
    made = debugger.timeline
    assert made is not None
    assert [(f.path, f.line) for f in made.files] == [(f"$PREFIX/f{n}", 2 * n + 1) for n in range(8)]


def test_lines_of_an_edited_script_are_told_by_the_text_they_belong_to(traced: Script) -> None:
    debugger = Debugger(record=1000)
    text = "if true; then helper() { sleep 0.03; echo h > $PREFIX/h; sleep 0.03; }; fi\necho a > $PREFIX/a\n"
    text += "cp missing $PREFIX/b\necho c > $PREFIX/c\n"
    one = traced(text, debugger=debugger)
    assert one.stop().reason == "failure"
    one.edit("cp missing", "# a line more\necho new > $PREFIX/new\nsleep 0.03\nhelper\nsleep 0.03\ncp $PREFIX/a")
    debugger.reload(4)
    debugger.cont()
    assert one.end() == 0
    made = debugger.timeline
    assert made is not None
    assert [(p.text, p.line) for p in made.commands] == [(1, 1), (1, 2), (1, 3), *((2, n) for n in range(4, 10))]
    assert {f.path.removeprefix("$PREFIX/"): (f.text, f.line) for f in made.files} == {
        "a": (1, 2), "new": (2, 4), "h": (2, 6), "b": (2, 8), "c": (2, 9)
    }  # fmt: skip
    assert sum(part.seconds for part in made.commands) <= made.seconds + 0.001


def test_going_back_tells_both_turns_and_no_files_that_are_gone(traced: Script) -> None:
    debugger = Debugger(record=1000, snapshots="commands")
    debugger.add("line", "4", once=True)
    text = "echo a > $PREFIX/a; sleep 0.03\necho b > $PREFIX/b\necho once > $PREFIX/$(cat name)\ntrue\n"
    one = traced("echo first > name\n" + text, debugger=debugger)
    assert one.at()[0] == 4
    debugger.next()
    assert one.at()[0] == 5
    debugger.back(4)
    assert one.at()[0] == 4
    debugger.evaluate("echo second > name")
    debugger.cont()
    assert one.end() == 0
    made = debugger.timeline
    assert made is not None
    assert [(p.text, p.line) for p in made.commands] == [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 4), (2, 5)]
    files = {f.path: (f.text, f.line, f.sure) for f in made.files}
    assert files["$PREFIX/a"] == (1, 2, True)
    assert files["$PREFIX/second"][:2] == (2, 4)
    assert "$PREFIX/first" not in files


def test_of_very_many_commands_the_first_are_recorded_and_the_top_level_whole(traced: Script) -> None:
    text = "i=0\nwhile ((i < 200)); do\n  ((++i))\ndone\necho a \\\n  > $PREFIX/a\nfor j in 1 2; do\n  echo $j\ndone\n"
    debugger = Debugger(record=50, on_fail=False)
    one = traced(text, debugger=debugger)
    assert one.end() == 0
    made = debugger.timeline
    assert made is not None
    assert made.limited
    assert [(p.line, p.last) for p in made.commands] == [(1, 1), (2, 4), (5, 6), (7, 9)]
    assert sum(p.runs for p in made.lines) <= 50 + 4
    assert [(f.path, f.line, f.sure) for f in made.files] == [("$PREFIX/a", 5, False)]
    assert one.lines == ["1", "2"]


def test_a_breakpoint_in_a_loop_still_stops_behind_the_limit(traced: Script) -> None:
    text = "i=0\nwhile ((i < 20)); do\n  ((++i))\ndone\ntrue\nfor j in 1 2; do\n  echo $j\ndone\n"
    debugger = Debugger(record=5)
    debugger.add("line", "6")
    debugger.add("line", "3", condition="((i == 15))")
    one = traced(text, debugger=debugger)
    assert one.at()[0] == 3
    debugger.cont()
    assert one.at()[0] == 6
    debugger.cont()
    assert one.at()[0] == 6
    debugger.next()
    assert one.at() == (7, "echo $j")
    debugger.remove(1)
    debugger.cont()
    assert one.end() == 0


def test_tests_are_not_recorded() -> None:
    assert Debugger(record=5).so_far() is None


@pytest.mark.skipif(not can_look(), reason="/proc does not tell here")
def test_the_memory_of_each_line_is_told(traced: Script) -> None:
    def holding(size: int) -> str:  # longer than looks may be apart
        return f"{sys.executable} -c 'import time; held = bytearray({size} * 10**6); time.sleep(2.5)'"

    one = traced(f"hold() {{\n  {holding(200)}\n}}\nhold\n{holding(20)}\ntrue\n", record=1000)
    assert one.end() == 0
    made = one.debugger.timeline
    assert made is not None
    memory = {part.line: part.memory for part in made.lines}
    assert 200e6 < (memory[2] or 0) == memory[4] == made.memory < 260e6  # type: ignore[operator]
    assert 20e6 < (memory[5] or 0) < 80e6
    assert made.memory_every is not None


@pytest.mark.skipif(not can_look(), reason="/proc does not tell here")
def test_memory_that_is_taken_by_hand_at_a_stop_does_not_count(traced: Script) -> None:
    debugger = Debugger(record=1000)
    debugger.add("line", "2")
    one = traced("sleep 0.1\nsleep 0.1\n", debugger=debugger)
    one.stop()
    debugger.evaluate(f"{sys.executable} -c 'import time; held = bytearray(200 * 10**6); time.sleep(0.2)'")
    debugger.cont()
    assert one.end() == 0
    made = debugger.timeline
    assert made is not None
    assert (made.memory or 0) < 100e6
