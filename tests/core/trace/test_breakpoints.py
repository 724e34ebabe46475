"""Breakpoints of each kind, with what narrows them, in functions, loops, subshells and sourced files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.events import Note
from cbw_core.trace import Debugger
from support.traced import Traced

Start = Callable[..., Traced]


def stops(one: Traced, *shown: str) -> list[str]:
    """Where it stops, as LINE, or as what `shown` prints in the script there."""
    found = []
    while (stop := one.debugger.wait(20)) is not None:
        place = str(stop.text_line if stop.text_line is not None else f"{Path(stop.file).name}:{stop.line}")
        found.append(" ".join([place, *(one.debugger.evaluate(f"echo {name}").output.strip() for name in shown)]))
        one.debugger.cont()
    one.end()
    return found


def notes(one: Traced) -> list[str]:
    return [event.text for event in one.events if isinstance(event, Note)]


# each kind of breakpoint, at the five turns of a loop: in the script's own shell, in a function and in a subshell
BODIES = {
    "loop": "for i in 1 2 3 4 5; do\n  v=$i\n  echo $i\ndone\n",
    "function": "f() {\n  v=$1\n  echo $1\n}\nfor i in 1 2 3 4 5; do f $i; done\n",
    "subshell": "for i in 1 2 3 4 5; do\n  (v=$i\n  echo $i)\ndone\n",
    "pipeline": "for i in 1 2 3 4 5; do\n  { v=$i\n  echo $i\n  } | cat\ndone\n",
    "substitution": "for i in 1 2 3 4 5; do\n  x=$(v=$i; echo $i); v=$i\n  echo $x\ndone\n",
}
KINDS = {"line": "3", "command": "echo*", "function": "f"}
ALL = [(kind, body) for kind in KINDS for body in BODIES if kind != "function" or body == "function"]


@pytest.mark.parametrize(("kind", "body"), ALL)
def test_a_condition_is_asked_in_the_process_that_would_stop(kind: str, body: str, traced: Start) -> None:
    debugger = Debugger()
    debugger.add(kind, KINDS[kind], condition="(( i == 2 || i == 4 ))")  # type: ignore[arg-type]
    found = stops(traced(BODIES[body], debugger=debugger), "$i")
    times = 2 if (kind, body) == ("command", "substitution") else 1
    assert [row.split()[1] for row in found] == ["2"] * times + ["4"] * times


@pytest.mark.parametrize(("kind", "body"), [pair for pair in ALL if pair != ("command", "substitution")])
def test_hits_that_are_ignored_count_in_all_processes(kind: str, body: str, traced: Start) -> None:
    debugger = Debugger()
    debugger.add(kind, KINDS[kind], ignore=3)  # type: ignore[arg-type]
    assert [row.split()[1] for row in stops(traced(BODIES[body], debugger=debugger), "$i")] == ["4", "5"]


@pytest.mark.parametrize("body", BODIES)
def test_a_stop_for_once_is_forgotten_in_all_processes(body: str, traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "3", once=True, condition="((i > 1))")
    assert stops(traced(BODIES[body], debugger=debugger), "$i") == ["3 2"]
    assert debugger.breakpoints == ()


@pytest.mark.parametrize("body", ["loop", "function"])
def test_a_variable_stops_where_it_changed_with_its_condition(body: str, traced: Start) -> None:
    debugger = Debugger()
    debugger.add("variable", "v", condition="[[ $v == [345] ]]", ignore=1)
    assert stops(traced(BODIES[body], debugger=debugger), "$v") == ["3 4", "3 5"]


def test_a_variable_that_is_changed_in_a_subshell_stops_there_and_not_behind_it(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("variable", "v")
    one = traced("v=1\ntrue\n(\n  v=2\n  echo $v\n)\necho $v\nv=3\necho $v\n", debugger=debugger)
    assert stops(one, "$v") == ["2 1", "5 2", "9 3"]


FILES = """\
mkdir -p $PREFIX/lib
(
  touch $PREFIX/lib/libz.so.1
  true
)
echo between
f() {
  ln -s libz.so.1 $PREFIX/lib/libz.so
  true
}
f
touch $PREFIX/lib/other
sleep 0.02; echo changed > $PREFIX/lib/libz.so.1
echo end
"""


def test_a_file_stops_once_for_what_appears_in_a_subshell_or_function_or_changes(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("file", "lib/libz.so*")
    assert stops(traced(FILES, debugger=debugger)) == ["4", "9", "14"]


def test_a_file_with_a_condition_and_for_once(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("file", "lib/libz.so*", condition="[[ -L $PREFIX/lib/libz.so ]]", once=True)
    assert stops(traced(FILES, debugger=debugger)) == ["9"]


LIB = "# lib\n\nhelp() {\n  echo helped \\\n    more\n}\n\nvalue=(1\n  2)\nhelp\n"


@pytest.mark.parametrize("name", ["src/lib.sh", "./src/lib.sh", "{work}/src/lib.sh"])
@pytest.mark.parametrize(("line", "stop"), [(4, 4), (5, 4), (7, 8), (9, 8)])
def test_lines_of_a_sourced_file_of_the_source_tree(
    name: str, line: int, stop: int, traced: Start, tmp_path: Path
) -> None:
    work = tmp_path / "run0" / "work"
    (work / "src").mkdir(parents=True)
    (work / "src" / "lib.sh").write_text(LIB)
    debugger = Debugger()
    debugger.add("line", f"{name.format(work=work)}:{line}")
    assert stops(traced("cd src\n. ./lib.sh\n", debugger=debugger)) == [f"lib.sh:{stop}"]


def test_a_line_of_a_file_in_the_recipe(traced: Start, tmp_path: Path) -> None:
    (tmp_path / "run0").mkdir()
    (tmp_path / "run0" / "env.sh").write_text(LIB)  # beside build.sh
    debugger = Debugger()
    debugger.add("line", "env.sh:7")
    one = traced('. "$PREFIX/../env.sh"\n', debugger=debugger)
    assert stops(one) == ["env.sh:8"]


def test_a_line_in_a_file_that_the_script_writes_first(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "made.sh:2")
    one = traced("printf 'a=1\\nb=2\\n' > made.sh\nf() { . ./made.sh; }\nf\n", debugger=debugger)
    assert stops(one, "$a") == ["made.sh:2 1"]


def test_a_line_without_a_command_is_said_to_have_moved(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "2")
    debugger.add("line", "6")
    debugger.add("line", "99")
    one = traced("echo a\n# nothing\n\necho b\nx=$(\n  echo c\n)\n", debugger=debugger)
    assert stops(one)[:2] == ["4", "5"]
    said = notes(one)
    assert "breakpoint 1 stands at line 4: line 2 has no command" in said
    assert "breakpoint 2 stands at line 5: line 6 is inside its $( … ), whose lines bash does not count" in said
    assert "breakpoint 3: build.sh has no line 99" in said
    assert [point.line for point in debugger.breakpoints] == [4, 5, 99]


def test_what_was_never_hit_is_said_at_the_end(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "2")
    debugger.add("line", "4")
    debugger.add("line", "4", condition="true", ignore=5)
    debugger.add("function", "missing")
    debugger.add("line", "lib.sh:7")
    debugger.add("line", "run_test.sh:1")
    debugger.add("line", "4", condition=":")
    one = traced("if false; then\n  echo a\nfi\necho b\n", debugger=debugger)
    (one.recipe.parent / "run_test.sh").write_text("true\n")
    assert stops(one) == ["4"]
    assert [text for text in notes(one) if "never" in text] == [
        "breakpoint 1 was never hit: build.sh:2",
        "breakpoint 3 was never hit: build.sh:4 if true ignore 5: it was passed 1 times of 5",
        "breakpoint 4 was never hit: function missing",
        "breakpoint 5 was never hit: lib.sh:7",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "echo a\nbuiltin trap - DEBUG\necho b\n",
            "build.sh:2: `builtin trap - DEBUG` sets the DEBUG trap past the debugger",
        ),
        ("command trap 'echo $LINENO' DEBUG\n", "sets the DEBUG trap past"),
        ("builtin trap 'echo' EXIT\n", "sets a trap past"),
        ("set -e +T\n", "switches functrace off"),
        ("set +o functrace\n", "switches functrace off"),
        ("trap() { :; }\n", "defines `trap` anew"),
        ("unset -f trap\n", "removes the function"),
        ("exec true\n", "`exec true` replaces the script's shell"),
        ("(exec true)\n", "`exec true` replaces the script's shell"),
    ],
)
def test_what_ends_tracing_is_said(text: str, said: str, traced: Start) -> None:
    one = traced(text)
    assert one.end() == 0
    assert any(said in note for note in notes(one)), notes(one)


@pytest.mark.parametrize(
    "text",
    [
        "trap - DEBUG\ntrap 'x=1' DEBUG\nset +x\nset -eu\n",
        "echo 'builtin trap - DEBUG'\n# set +T\ncat <<END\nexec true\nEND\n",
        "exec 3>&1\nexec > out\n",
    ],
)
def test_what_does_not_end_tracing_is_not_said(text: str, traced: Start) -> None:
    one = traced(text)
    assert one.end() == 0
    assert notes(one) == []


def test_a_script_that_resets_or_sets_its_debug_trap_goes_on_being_stepped(traced: Start) -> None:
    one = traced("trap 'echo own' DEBUG\necho a\ntrap - DEBUG\necho b\n", stop_first=True)
    found = []
    while one.debugger.wait(20) is not None:
        found.append(one.at()[0])
        one.debugger.step()
    assert one.end() == 0
    assert found == [1, 2, 3, 4]
    assert one.lines == ["own", "a", "own", "b"]


def test_what_waits_for_its_turn_follows_the_way_the_script_goes_on(traced: Start) -> None:
    """Processes that began while every command was a stop stop no more once the person goes on."""
    one = traced("for i in 1 2 3; do (true $i; true) & done\nwait\necho end\n", stop_first=True)
    while not one.stop().subshell:
        one.debugger.step()
    one.debugger.cont()
    assert one.end() == 0


def test_a_stop_for_once_stops_one_of_several_processes(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("command", "true *", once=True)
    one = traced("for i in 1 2 3; do (true $i; true) & done\nwait\necho end\n", debugger=debugger)
    assert len(stops(one)) == 1
