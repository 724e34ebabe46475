"""Stops at failures, what can be seen there, and going on with an edited script in the living shell."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import Place, UsageError
from cbw_core.events import Note, Recorder, Stopped, TraceEnded
from cbw_core.trace import Debugger, Target
from support.traced import Traced

Start = Callable[..., Traced]


def test_a_failing_command_stops_with_its_output_before_cleaning_up(traced: Start) -> None:
    one = traced("trap 'rm tmp; echo cleaned' EXIT\ntouch tmp\nls /nonexistent-of-cbw\necho no\n")
    stop = one.stop()
    assert (stop.reason, stop.text_line, stop.status) == ("failure", 3, 2)
    assert "nonexistent-of-cbw" in one.lines[-1]
    assert (one.work / "tmp").exists()
    one.debugger.cont()
    assert one.end() == 2
    assert one.lines[-1] == "cleaned"


def test_the_stop_is_where_the_command_is_not_where_it_was_called(traced: Start) -> None:
    one = traced("f() {\n  false\n}\ng() {\n  f\n}\ng\n")
    stop = one.stop()
    assert [(f.function, f.text_line) for f in stop.frames] == [("f", 2), ("g", 5), ("main", 7)]
    assert stop.top_line == 7


def test_exit_with_a_failure_stops_before_it(traced: Start) -> None:
    one = traced("false || {\n  echo sorry\n  exit 3\n}\n")
    stop = one.stop()
    assert (stop.reason, stop.text_line, stop.command) == ("exit", 3, "exit 3")
    one.debugger.cont()
    assert one.end() == 3


@pytest.mark.parametrize("text", ["exit 0\n", "f() { exit 0; }\nf\n", "true; exit\n"])
def test_exit_without_a_failure_does_not_stop(text: str, traced: Start) -> None:
    assert traced(text).end() == 0


def test_an_unset_variable_stops_at_the_end_of_the_shell(traced: Start) -> None:
    one = traced("set -u\nx=5\necho $undefined_of_cbw\n")
    stop = one.stop()
    assert (stop.reason, stop.status) == ("exit", 1)
    assert one.debugger.evaluate("echo $x").output == "5\n"
    with pytest.raises(UsageError, match="has ended"):
        one.edit("$undefined_of_cbw", "fine")
        one.debugger.reload()
        one.debugger.cont()


def test_continue_lets_the_failure_end_the_script_and_ignore_goes_on(traced: Start) -> None:
    one = traced("echo a\nfalse\necho $- b\nfalse\necho c\n")
    one.stop()
    one.debugger.cont(ignore=True)
    assert one.at() == (4, "false")
    assert "e" in one.lines[-1]
    one.debugger.step()
    assert one.at() == (5, "echo c")
    one.debugger.cont()
    assert one.end() == 0


def test_the_status_before_a_command_is_known_at_a_stop(traced: Start) -> None:
    one = traced("f() { return 4; }\nf || echo $?\n", stop_first=True)
    one.stop()
    one.debugger.next()
    assert (one.stop().command, one.stop().status) == ("echo $?", 4)
    assert one.debugger.evaluate("echo $?").output == "4\n"


def test_eval_runs_in_the_scripts_own_scope(traced: Start) -> None:
    one = traced('f() {\n  local x="a b"\n  false\n}\nset -- one two\nf p q r\n')
    one.stop()
    ask = one.debugger.evaluate
    assert ask('echo "$x" $# $1; exit_code=$?; echo $?').output == "a b 3 p\n0\n"
    assert ask("echo $?").output == "1\n"
    assert ask("local y=new; (exit 4)").status == 4
    assert ask("echo $y; echo err >&2").output == "new\nerr\n"
    assert "syntax error" in ask("echo (").output
    one.debugger.set("x=c $d 'e'")
    assert ask('printf %s "$x"').output == "c $d 'e'"
    with pytest.raises(UsageError):
        one.debugger.set("no assignment")


def test_variables_of_all_kinds_are_read_and_changes_marked(traced: Start) -> None:
    text = (
        'a="x y"\nb=(1 "2 3")\ndeclare -A c=([k e]=v)\nexport d=$\'new\\nline "q" \\\\ $x\'\nreadonly e=1\n'
        "declare -i f=7\nfalse || true\na=changed\ntrue\n"
    )
    debugger = Debugger()
    debugger.add("line", "7")
    debugger.add("line", "9")
    one = traced(text, debugger=debugger)
    one.stop()
    found = {v.name: v for v in debugger.variables()}
    assert found["a"].value == "x y"
    assert found["b"].value == (("0", "1"), ("1", "2 3"))
    assert found["c"].value == (("k e", "v"),)
    assert found["d"].value == 'new\nline "q" \\ $x'
    assert found["d"].exported and found["e"].readonly and found["f"].integer
    assert not any(name.startswith("__cbw") for name in found)
    debugger.cont()
    while one.at()[0] != 9:
        debugger.cont()
    assert {v.name for v in debugger.variables() if v.changed} == {"a"}


def test_functions_options_and_jobs(traced: Start) -> None:
    one = traced("f() { echo x; }\nset -u\nshopt -s nullglob\nsleep 20 &\nfalse\n")
    one.stop()
    assert set(one.debugger.functions()) == {"f"}
    options = one.debugger.options()
    assert options["nounset"] and options["nullglob"] and options["errexit"] and not options["xtrace"]
    assert "sleep 20" in one.debugger.jobs()[0]


FIVE = "echo one\necho slow >> slow\nls missing\necho four >> done\necho $x five\n"


def test_fix_a_line_and_go_on_without_what_ran(traced: Start) -> None:
    one = traced("x=kept\n" + FIVE)
    assert one.at() == (4, "ls missing")
    one.edit("ls missing", "ls slow")
    found = one.debugger.reload()
    assert "-ls missing\n+ls slow" in found.diff
    assert found.line == 4
    one.debugger.cont()
    assert one.end() == 0
    assert (one.work / "slow").read_text() == "slow\n"
    assert one.lines[-2:] == ["slow", "kept five"]
    assert isinstance(one.events[-1], TraceEnded) and one.events[-1].owed
    assert (one.work / "conda_build.sh").read_text() == one.recipe.read_text()  # it follows what runs


def test_lines_added_above_and_below_are_found(traced: Start) -> None:
    one = traced(FIVE)
    one.stop()
    one.edit("echo one\n", "# new\n\necho one\n")
    one.edit("ls missing\n", "ls slow\necho added\nfalse\n")
    assert one.debugger.reload().line == 5
    one.debugger.cont()
    stop = one.stop()
    assert (stop.text_line, stop.line, stop.command) == (7, 7, "false")
    assert one.lines[-1] == "added"
    one.edit("false\n", "")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0


@pytest.mark.parametrize(
    "broken",
    [
        "f() {\n  for i in 1 2; do\n    while true; do\n      false\n    done\n  done\n}\nf\n",
        "for i in 1 2; do\n  false\n  echo wrong\ndone\n",
        "while true; do\n  { false; } > out\n  echo wrong\ndone\n",
        "if true; then\n  echo $(echo x)\n  false\n  echo wrong\nfi\n",
        "echo 'false; echo wrong' > lib.sh\n. ./lib.sh\necho wrong\n",
        "case x in x) false; echo wrong ;; esac\n",
        "{ { false; echo wrong; } | cat; } \n",
    ],
    ids=["function", "for", "while", "if", "sourced", "case", "pipefail"],
)
def test_going_on_leaves_whatever_ran(broken: str, traced: Start) -> None:
    one = traced(f"set -eo pipefail\nkept=1\n{broken}echo end $kept $- >&2\n")
    stop = one.stop()
    if stop.subshell:
        one.debugger.cont()
        stop = one.stop()
    one.recipe.write_text("set -eo pipefail\nkept=1\necho fixed\necho end $kept $- >&2\n")
    assert one.debugger.reload().line == 3
    one.debugger.cont()
    assert one.end() == 0
    assert "wrong" not in " ".join(one.lines)
    assert one.lines[-2] == "fixed"
    assert one.lines[-1].startswith("end 1") and "e" in one.lines[-1] and "C" not in one.lines[-1]


def test_an_edited_function_counts_from_then_on(traced: Start) -> None:
    one = traced("f() {\n  echo old\n  false\n}\necho start\nf\nf\n")
    one.stop()
    one.edit("  echo old\n  false\n", "  echo new\n")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines == ["start", "old", "new", "new"]


def test_many_edits_in_one_run(traced: Start) -> None:
    one = traced("".join(f"echo {k}\nfalse {k}\n" for k in range(6)))
    for k in range(6):
        assert one.at() == (2 * k + 2, f"false {k}")
        one.edit(f"false {k}", f"true {k}")
        one.debugger.reload()
        one.debugger.cont()
    assert one.end() == 0
    assert one.lines == [str(k) for k in range(6)]


def test_a_script_larger_than_bashs_buffer_goes_on_too(traced: Start) -> None:
    padding = "".join(f"# {'x' * 90} {k}\n: {k}\n" for k in range(300))
    one = traced(f"echo a\n{padding}false\n{padding}echo b\n")
    one.stop()
    one.edit("\nfalse\n", "\necho fixed\n")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines == ["a", "fixed", "b"]


def test_breakpoints_hold_in_the_new_text_and_a_line_to_go_on_with_can_be_named(traced: Start) -> None:
    one = traced(FIVE)
    one.stop()
    one.edit("ls missing", "echo three")
    one.debugger.add("line", "4")
    one.debugger.reload(line=1)
    one.debugger.cont()
    assert one.at() == (4, "echo four >> done")
    assert one.lines[-2:] == ["one", "three"]
    assert (one.work / "slow").read_text() == "slow\nslow\n"


def test_in_a_subshell_it_is_said_that_the_script_cannot_go_on_elsewhere(traced: Start) -> None:
    one = traced("(\n  false\n)\n")
    assert one.stop().subshell == 1
    one.edit("false", "true")
    one.debugger.reload()
    with pytest.raises(UsageError, match="subshell"):
        one.debugger.cont()
    assert one.debugger.pending is not None


def test_exec_is_said(traced: Start) -> None:
    one = traced("exec echo replaced\n")
    assert one.end() == 0
    assert any(isinstance(e, Note) and "exec echo replaced" in e.text for e in one.events)


def test_a_shell_killed_at_a_stop_ends_the_run(traced: Start) -> None:
    one = traced("echo a\nfalse\n")
    stop = one.stop()
    os.kill(stop.pid, signal.SIGKILL)
    one.join()
    assert one.end() == 137
    with pytest.raises(UsageError):
        one.debugger.cont()


def test_cancelling_at_a_stop_leaves_nothing(traced: Start) -> None:
    one = traced("sleep 100 &\nfalse\n")
    stop = one.stop()
    one.close()
    assert one.debugger.state == "ended"
    with pytest.raises(ProcessLookupError):
        os.kill(stop.pid, 0)


def test_two_subshells_stop_one_after_the_other(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("command", "true [12]")
    one = traced("(true 1; true x) & (true 2; true x) &\nwait\n", debugger=debugger)
    pids = set()
    for _ in range(2):
        pids.add(one.stop().pid)
        debugger.cont()
    assert one.end() == 0
    assert len(pids) == 2
    assert len([e for e in one.events if isinstance(e, Stopped)]) == 2


def test_a_stop_that_cannot_be_told_does_not_hold_the_script_for_ever(tmp_path: Path) -> None:
    def place(text: str, line: int) -> Place:
        raise RuntimeError("no place")

    text = "echo a\necho b\n"
    script = tmp_path / "conda_build.sh"
    script.write_text(text)
    (tmp_path / "prefix").mkdir()
    target = Target("build", "build.sh", script, 0, text, str(script), place, None, tmp_path / "prefix", tmp_path)
    debugger, told = Debugger(), Recorder()
    debugger.add("command", "echo b")
    with debugger.tracing(target, tmp_path / "trace", told) as run:
        done = subprocess.run(
            ["bash", str(script)], env={**os.environ, "BASH_ENV": str(run.prelude)}, capture_output=True, timeout=60,
            check=True,
        )  # fmt: skip
        run.status = done.returncode
    assert done.stdout == b"a\nb\n"
    assert any("the script went on: RuntimeError: no place" in note for note in told.notes())
