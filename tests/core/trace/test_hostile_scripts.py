"""Scripts that take the ground from under the debugger: what it does is said, and nothing hangs or loops."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import Interrupted
from cbw_core.events import Note
from cbw_core.process import Cancel
from cbw_core.trace import Debugger
from support.prompts import processes, wait_for
from support.traced import Traced

Start = Callable[..., Traced]


def at_line(line: int, **options: bool) -> Debugger:
    debugger = Debugger(**options)  # type: ignore[arg-type]
    debugger.add("line", str(line))
    return debugger


def notes(one: Traced) -> str:
    return "\n".join(event.text for event in one.events if isinstance(event, Note))


@pytest.mark.parametrize("line", ['rm -rf "$TRACE"', "ulimit -n 3"])
def test_a_script_that_cuts_the_debugger_off_runs_on_and_that_is_said(line: str, traced: Start) -> None:
    text = f"TRACE=${{PREFIX%/*}}/trace\n{line}\necho one\necho two\n"
    one = traced(text, debugger=at_line(3))
    assert one.end() == 0
    said = "\n".join(one.lines)
    assert "the script goes on without it" in said
    assert [text for text in one.lines if text in ("one", "two")] == ["one", "two"]
    assert said.count("cbw:") == 1


def test_a_script_that_unsets_all_its_variables_does_not_hang(traced: Start) -> None:
    one = traced("for v in $(compgen -v); do unset $v 2>/dev/null || :; done\necho on\n", stop_first=True)
    one.stop()
    one.debugger.cont()
    assert one.end() == 0
    assert "on" in one.lines


def test_a_message_that_cannot_be_read_is_said_and_the_script_goes_on(traced: Start) -> None:
    stop = "__cbw_stop() { __cbw_busy=1; printf 'stop\\tD\\0' >$__cbw_d/up; __cbw_listen; }"
    one = traced(f"{stop}\necho on\n", stop_first=True)
    assert one.end() == 0
    assert "debugger's own variables" in notes(one)
    assert one.lines == ["on"]


@pytest.mark.parametrize(
    "line",
    [
        "readonly IFS",
        "IFS=abcdefghijklmnopqrstuvwxyz0123456789; readonly IFS",
        "shopt -s failglob nullglob extglob",
        "set -f; set -u; set -C",
        "umask 777",
        "set -o posix",
        'exec 3>&- 4>&- 5>&-; for fd in {3..254}; do eval "exec $fd>&-"; done',
        "export LC_ALL=xx_YY.bogus 2>/dev/null",
        'mkdir gone; cd gone; rmdir "$PWD"',
        "PATH=; unset PATH HOME",
        "ulimit -f 0",
        "trap '' INT TERM HUP QUIT USR1 URG",
    ],
)
def test_looking_around_works_and_leaves_no_trace_behind(line: str, traced: Start) -> None:
    debugger = at_line(2)
    debugger.add("file", "share/made*")
    debugger.add("variable", "AA")
    one = traced(f"{line}\nAA=1\necho on\n", debugger=debugger)
    assert one.at() == (2, "AA=1")
    assert debugger.set("BB=two words").status == 0
    assert debugger.evaluate('printf "<%s>" "$BB"').output == "<two words>"
    assert "BB" in {v.name for v in debugger.variables()}
    assert debugger.options()
    debugger.next()
    assert one.at()[0] == 3
    debugger.cont()
    assert one.end() == 0
    assert one.lines == ["on"]


def test_a_file_stop_is_hit_under_failglob(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("file", "made*")
    one = traced('shopt -s failglob\n: > "$PREFIX/made"\nshopt -q failglob && echo kept\n', debugger=debugger)
    assert one.at()[0] == 3
    debugger.cont()
    assert one.end() == 0
    assert one.lines == ["kept"]


@pytest.mark.parametrize("code", ["sleep 1000", "for x in 1 2 3; do sleep 1000; done", "(trap '' INT; sleep 1000)"])
def test_an_evaluated_command_that_does_not_end_is_interrupted_and_the_stop_stays(code: str, traced: Start) -> None:
    one = traced("sleep 999 &\njob=$!\nfalse\n")
    stop = one.stop()
    job = int(one.debugger.evaluate("echo $job").output)
    cancel = Cancel()

    def ask() -> None:
        wait_for(lambda: processes(str(one.folder), "sleep 1000"), "it sleeps")
        cancel.request()

    threading.Thread(target=ask, daemon=True).start()
    with pytest.raises(Interrupted):
        one.debugger.evaluate(code, cancel)
    os.kill(job, 0)  # a job of the script's own is none of its business
    assert one.debugger.stop is stop
    assert one.debugger.evaluate("echo still").output == "still\n"


@pytest.mark.parametrize("errexit", [True, False])
def test_interrupting_ends_what_runs_and_stops_there(errexit: bool, traced: Start) -> None:
    one = traced("echo one\nsleep 1000\necho two\n", errexit=errexit)
    wait_for(lambda: processes(str(one.folder), "sleep 1000"), "it sleeps")
    wait_for(one.debugger.interrupt, "the script's first word to us is read")
    assert one.at() == ((2, "sleep 1000") if errexit else (3, "echo two"))
    assert one.stop().status == 130
    one.debugger.cont(ignore=errexit)
    assert one.end() == 0
    assert one.lines == ["one", "two"]


def test_interrupting_a_loop_of_builtins_stops_in_it(traced: Start) -> None:
    one = traced("go=1\nwhile ((go)); do\n  [[ ${said-} ]] || echo in\n  said=1\ndone\n")
    wait_for(lambda: "in" in one.lines, "the loop")
    wait_for(one.debugger.interrupt, "the script's first word to us is read")
    assert one.at()[0] in (2, 3, 4)
    one.debugger.set("go=0")
    one.debugger.cont()
    assert one.end() == 0


def test_nothing_that_stands_is_interrupted(traced: Start) -> None:
    one = traced("false\n")
    one.stop()
    assert not one.debugger.interrupt()


def test_a_shell_that_was_stopped_from_outside_is_woken_and_that_is_said(traced: Start) -> None:
    one = traced("false\n")
    pid = one.stop().pid
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: ") T " in Path(f"/proc/{pid}/stat").read_text(), "it is stopped")
    assert one.debugger.evaluate("echo up").output == "up\n"
    assert "stopped by a signal" in notes(one)


def test_a_shell_killed_at_a_stop_is_told_of(traced: Start) -> None:
    one = traced("echo one\nfalse\n")
    os.kill(one.stop().pid, signal.SIGKILL)
    wait_for(lambda: one.debugger.state == "ended", "the end")
    assert one.end() == 137
    assert "that stood at" in notes(one)
    assert "build.sh:2 is gone" in notes(one)


def test_the_traps_a_script_lists_are_its_own(traced: Start) -> None:
    one = traced("trap -p\ntrap 'echo got' URG\nkill -URG $$\ntrap -p URG\n")
    assert one.end() == 0
    assert one.lines == ["got", "trap -- 'echo got' SIGURG"]
