"""Where a script stops when it is stepped, and where breakpoints stop it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import UsageError
from cbw_core.trace import Debugger
from support.traced import Traced

Start = Callable[..., Traced]


def walk(traced: Traced, how: str = "step", most: int = 60) -> list[tuple[int | None, str]]:
    """The stops from the first to the end, as (line, command)."""
    found = []
    while traced.debugger.wait(20) is not None:
        found.append(traced.at())
        assert len(found) < most, found
        getattr(traced.debugger, how)()
    traced.end()
    return found


FUNCTIONS = "f() {\n  local x=1\n  echo $x\n}\necho a\nf\necho b\n"

STEPS: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "commands": ("echo a\n\n# c\necho b\n", [(1, "echo a"), (4, "echo b")]),
    "function": (
        FUNCTIONS,
        [(5, "echo a"), (6, "f"), (1, "f"), (2, "local x=1"), (3, "echo $x"), (7, "echo b")],
    ),
    "for": (
        "for i in 1 2; do\n  echo $i\ndone\n",
        [(1, "for i in 1 2"), (2, "echo $i"), (1, "for i in 1 2"), (2, "echo $i")],
    ),
    "if": ("if [ 1 = 2 ]; then\n  echo a\nelse\n  echo b\nfi\n", [(1, "[ 1 = 2 ]"), (4, "echo b")]),
    "and": ("true && echo a || echo b\n", [(1, "true"), (1, "echo a")]),
    "case": ("case x in\n  x) echo a ;;\nesac\n", [(1, "case x in "), (2, "echo a")]),
    "subshell": ("(\n  echo a\n)\necho b\n", [(2, "echo a"), (4, "echo b")]),
    "pipeline": ("echo a |\n  cat\n", [(1, "echo a"), (2, "cat")]),
    "substitution": ("x=$(\n  echo a\n)\necho b\n", [(1, "x=$(echo a)"), (2, "echo a"), (4, "echo b")]),
    "here-document": ("cat <<E > f\na\nE\necho b\n", [(1, "cat <<E > f\na\nE\n"), (4, "echo b")]),
    "continued command": ("echo a \\\n  b\necho c\n", [(1, "echo a b"), (3, "echo c")]),
    "array": ("x=(1\n2\n3)\necho c\n", [(1, "x=(1 2 3)"), (4, "echo c")]),
    "sourced": (
        "echo 'echo in' > lib.sh\n. ./lib.sh\necho out\n",
        [(1, "echo 'echo in' > lib.sh"), (2, ". ./lib.sh"), (None, "echo in"), (3, "echo out")],
    ),
    "trap EXIT": ("trap 'echo bye' EXIT\necho a\n", [(1, "trap 'echo bye' EXIT"), (2, "echo a"), (1, "echo bye")]),
    "exit": ("echo a\nexit 0\necho b\n", [(1, "echo a"), (2, "exit 0")]),
    "set -e": ("set -e\nfalse || echo a\n", [(1, "set -e"), (2, "false"), (2, "echo a")]),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_a_construct_is_stepped_command_by_command(name: str, traced: Start) -> None:
    text, expected = STEPS[name]
    got = walk(traced(text, stop_first=True))
    # each member of a pipeline is a process of its own: which one comes first is theirs
    if name == "pipeline":
        assert sorted(map(str, got)) == sorted(map(str, expected))
    else:
        assert got == expected


def test_next_goes_over_functions_and_sourced_files(traced: Start) -> None:
    text = FUNCTIONS + "echo 'echo in' > lib.sh\n. ./lib.sh\n(echo sub)\necho end\n"
    assert [line for line, _ in walk(traced(text, stop_first=True), "next")] == [5, 6, 7, 8, 9, 11]


def test_finish_leaves_a_function(traced: Start) -> None:
    one = traced(FUNCTIONS, stop_first=True)
    while one.at() != (2, "local x=1"):
        one.debugger.step()
    one.debugger.finish()
    assert one.at() == (7, "echo b")
    one.debugger.finish()
    assert one.end() == 0


def test_until_goes_to_a_line_once(traced: Start) -> None:
    one = traced("for i in 1 2; do\n  echo $i\ndone\necho end\n", stop_first=True)
    one.at()
    one.debugger.until(2)
    assert one.at() == (2, "echo $i")
    one.debugger.cont()
    assert one.end() == 0
    assert one.debugger.breakpoints == ()


def test_a_line_breakpoint_stops_before_the_line(traced: Start) -> None:
    debugger = Debugger()
    point = debugger.add("line", "3")
    one = traced("echo a\necho b\necho c\necho d\n", debugger=debugger)
    stop = one.stop()
    assert (stop.text_line, stop.reason, stop.breakpoint) == (3, "breakpoint", point.number)
    assert one.lines == ["a", "b"]
    assert stop.file == str(one.recipe)
    debugger.cont()
    assert one.end() == 0
    assert debugger.breakpoints[0].hits == 1


def test_a_breakpoint_on_a_line_without_a_command_moves_to_the_next(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "build.sh:2")
    one = traced("echo a\n# nothing\n\necho b\n", debugger=debugger)
    assert one.at() == (4, "echo b")
    assert debugger.breakpoints[0].line == 4


def test_a_breakpoint_inside_a_long_command_stops_at_it(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "3")
    one = traced("echo a\nx=(1\n2\n3)\necho b\n", debugger=debugger)
    assert one.at() == (2, "x=(1 2 3)")


def test_a_breakpoint_in_a_sourced_file(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "lib.sh:2")
    one = traced("printf 'a=1\\nb=2\\n' > lib.sh\n. ./lib.sh\necho b\n", debugger=debugger)
    stop = one.stop()
    assert (stop.command, stop.line, stop.file) == ("b=2", 2, str(one.work / "lib.sh"))
    assert [frame.function for frame in stop.frames] == ["source", "main"]


def test_a_function_breakpoint_stops_at_each_call(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("function", "f")
    one = traced(FUNCTIONS + "f\n", debugger=debugger)
    for _ in range(2):
        assert one.stop().frames[0].function == "f"
        debugger.cont()
    assert one.end() == 0


def test_a_command_breakpoint_takes_a_pattern(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("command", "echo b*")
    one = traced("echo a\nf() { echo bcd; }\nf\n", debugger=debugger)
    assert one.stop().command == "echo bcd"


def test_a_variable_breakpoint_stops_when_it_changes(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("variable", "x")
    one = traced("x=1\ny=1\nx=2\nx=2\necho end\n", debugger=debugger)
    assert one.at() == (2, "y=1")
    debugger.cont()
    assert one.at() == (4, "x=2")
    debugger.cont()
    assert one.end() == 0


def test_a_file_breakpoint_stops_when_one_appears_or_changes(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("file", "lib/libz.so*")
    one = traced(
        "mkdir $PREFIX/lib\ntouch $PREFIX/lib/other\ntouch $PREFIX/lib/libz.so.1\necho a\n"
        "sleep 0.02; echo x > $PREFIX/lib/libz.so.1\necho b\n",
        debugger=debugger,
    )
    assert one.at() == (4, "echo a")
    debugger.cont()
    assert one.at() == (6, "echo b")
    debugger.cont()
    assert one.end() == 0


def test_condition_hit_count_and_once(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "2", condition="((i > 2))", ignore=1, once=True)
    one = traced("for i in 1 2 3 4 5 6; do\n  echo $i\ndone\n", debugger=debugger)
    one.stop()
    assert debugger.evaluate("echo $i").output == "4\n"
    debugger.cont()
    assert one.end() == 0
    assert debugger.breakpoints == ()


def test_a_breakpoint_set_at_a_stop_counts_at_once(traced: Start) -> None:
    one = traced("echo a\necho b\necho c\n", stop_first=True)
    one.at()
    one.debugger.add("line", "3")
    one.debugger.cont()
    assert one.at() == (3, "echo c")
    one.debugger.remove(1)
    one.debugger.cont()
    assert one.end() == 0


def test_stops_under_xtrace_leave_no_trace(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "3")
    one = traced("set -x\necho a\necho b\n", debugger=debugger)
    one.stop()
    debugger.step()
    assert one.end() == 0
    assert one.lines == ["+ echo a", "a", "+ echo b", "b"]


@pytest.mark.parametrize(("kind", "spec"), [("line", "x"), ("line", "0"), ("variable", "a b"), ("function", "")])
def test_a_breakpoint_that_cannot_be_read_is_refused(kind: str, spec: str) -> None:
    with pytest.raises(UsageError):
        Debugger().add(kind, spec)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no breakpoint 7"):
        Debugger().remove(7)


def test_without_a_stop_nothing_can_be_stepped() -> None:
    with pytest.raises(UsageError, match="no script stands"):
        Debugger().step()


def test_headers_of_loops_and_arithmetic_commands_are_lines_to_stop_at(traced: Start) -> None:
    debugger = Debugger()
    for line in (1, 3, 7):
        debugger.add("line", str(line))
    text = "for i in 1 2; do\n  echo\n  ((i == 2))\ndone || true\necho\n\ncase $i in\n  2) echo ;;\nesac\n"
    one = traced(text, debugger=debugger)
    assert [point.line for point in debugger.breakpoints] == [1, 3, 7]
    seen = [one.at()[0]]
    for _ in range(4):
        debugger.cont()
        seen.append(one.at()[0])
    assert seen == [1, 3, 1, 3, 7]


def test_subshells_and_pipelines_can_be_evaluated(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "2")
    one = traced("f() { false; }\necho here\n( f || echo in\n  true )\n", debugger=debugger)
    one.stop()
    told = [
        debugger.evaluate(code) for code in ("(echo a; echo b)", "(exit 3)", "(echo c | cat) | tr c d", "( (false) )")
    ]
    assert [(done.status, done.output) for done in told] == [(0, "a\nb\n"), (3, ""), (0, "d\n"), (1, "")]
    assert debugger.evaluate("echo $BASH_SUBSHELL").output == "0\n"
    debugger.step()
    one.stop()
    debugger.step()
    assert one.stop().subshell == 1
    assert debugger.evaluate("(echo $BASH_SUBSHELL)").output == "2\n"
    debugger.cont()
    assert one.end() == 0
    assert one.lines == ["here", "in"]


def test_a_sourced_file_stops_by_its_whole_path_however_it_was_sourced(traced: Start, tmp_path: Path) -> None:
    library = tmp_path / "lib dir" / "lib.sh"
    library.parent.mkdir()
    library.write_text("in_lib=1\necho lib\n")
    debugger = Debugger()
    debugger.add("line", f"{library}:2")
    one = traced(f"cd '{library.parent}'\n. ./lib.sh\nsource ../'lib dir'/lib.sh\n", debugger=debugger)
    for _ in range(2):
        assert one.stop().command == "echo lib"
        assert one.stop().line == 2
        debugger.cont()
    assert one.end() == 0
    assert debugger.breakpoints[0].verified


def test_until_without_a_line_leaves_loops_and_functions(traced: Start) -> None:
    text = "f() {\n  for i in 1 2 3; do\n    true\n    echo $i\n  done\n}\nf\necho end\n"
    debugger = Debugger()
    debugger.add("line", "4", once=True)
    one = traced(text, debugger=debugger)
    assert one.at()[0] == 4
    debugger.until()
    assert one.at() == (8, "echo end")
    debugger.cont()
    assert one.end() == 0
    assert one.lines == ["1", "2", "3", "end"]


def test_until_without_a_line_goes_into_no_function_and_stops_at_the_next_line(traced: Start) -> None:
    one = traced("g() { echo g; }\necho a\ng\n\necho b\n", stop_first=True)
    seen = [one.at()[0]]
    for _ in range(2):
        one.debugger.until()
        seen.append(one.at()[0])
    assert seen == [2, 3, 5]
    one.debugger.cont()
    assert one.end() == 0
