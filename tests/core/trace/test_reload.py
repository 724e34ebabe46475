"""Edits of a script that stands: in the recipe, in the work folder, above, below, broken, odd."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from cbw_core.errors import RecipeError, UsageError
from cbw_core.events import TraceEnded
from cbw_core.trace import Debugger
from support.traced import Traced

Start = Callable[..., Traced]

FAILS = "echo one\nls missing\necho end\n"


def _ended(one: Traced) -> TraceEnded:
    return next(event for event in reversed(one.events) if isinstance(event, TraceEnded))


def test_an_edit_of_conda_build_sh_is_taken_and_shown(traced: Start) -> None:
    one = traced(FAILS, header="# ours\n")
    one.stop()
    script = one.work / "conda_build.sh"
    script.write_text(script.read_text().replace("ls missing", "echo fixed"))
    found = one.debugger.reload()
    assert (found.source, found.line) == ("work", 2)
    assert "-ls missing\n+echo fixed" in found.diff
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines[-2:] == ["fixed", "end"]
    assert one.recipe.read_text() == FAILS
    assert _ended(one).owed and _ended(one).unsaved


def test_both_edited_alike_is_one_edit(traced: Start) -> None:
    one = traced(FAILS)
    one.stop()
    for file in (one.recipe, one.work / "conda_build.sh"):
        file.write_text(FAILS.replace("ls missing", "echo fixed"))
    assert one.debugger.reload().line == 2
    one.debugger.cont()
    assert one.end() == 0
    assert _ended(one).owed and not _ended(one).unsaved


@pytest.mark.parametrize("source", ["recipe", "work"])
def test_both_edited_differently_is_asked(source: str, traced: Start) -> None:
    one = traced(FAILS)
    one.stop()
    one.edit("ls missing", "echo from recipe")
    (one.work / "conda_build.sh").write_text(FAILS.replace("ls missing", "echo from work"))
    with pytest.raises(UsageError, match="both edited") as raised:
        one.debugger.reload()
    assert "--from recipe" in (raised.value.hint or "")
    assert "from work" in (raised.value.details or "") and "from recipe" in (raised.value.details or "")
    assert one.debugger.pending is None
    one.debugger.reload(source=source)  # type: ignore[arg-type]
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines[-2] == f"from {source}"
    assert _ended(one).unsaved == (source == "work")


def test_edits_here_and_there_one_after_the_other_add_up(traced: Start) -> None:
    one = traced("echo one\nfalse 1\nfalse 2\nfalse 3\necho end\n")
    script = one.work / "conda_build.sh"
    one.stop()
    one.edit("false 1", "echo recipe")
    one.debugger.reload()
    one.debugger.cont()
    one.stop()
    script.write_text(script.read_text().replace("false 2", "echo work"))  # which has the recipe's edit by now
    assert one.debugger.reload().source == "work"
    one.debugger.cont()
    one.stop()
    assert one.debugger.reload().diff == ""
    one.recipe.write_text(script.read_text().replace("false 3", "echo both"))
    assert one.debugger.reload().source == "recipe"
    one.debugger.cont()
    assert one.end() == 0
    assert [line for line in one.lines if line[0] in "wrb"] == ["recipe", "work", "both"]
    assert not _ended(one).unsaved


def test_our_header_is_not_to_be_edited(traced: Start) -> None:
    one = traced(FAILS, header="# ours\n# too\n")
    one.stop()
    (one.work / "conda_build.sh").write_text("# mine\n# too\necho x\n")
    with pytest.raises(UsageError, match="first 2 lines of work"):
        one.debugger.reload()


def test_a_syntax_error_is_told_with_its_line_and_the_stop_stays(traced: Start) -> None:
    one = traced(FAILS)
    before = one.stop()
    one.edit("ls missing", "if true; then\n  echo ((")
    with pytest.raises(RecipeError, match="syntax error") as raised:
        one.debugger.reload()
    assert raised.value.place is not None and (raised.value.place.file, raised.value.place.line) == (str(one.recipe), 3)
    assert one.debugger.stop == before
    one.edit("if true; then\n  echo ((", "echo right")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0


def test_what_only_extglob_allows_is_no_syntax_error(traced: Start) -> None:
    one = traced("shopt -s extglob\ntouch a b\nls missing\n")
    one.stop()
    one.edit("ls missing", "ls !(a|conda_build.sh)")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines[-1] == "b"


def test_edits_above_count_for_functions_and_are_else_said_not_to_run(traced: Start) -> None:
    one = traced("f() { echo old; }\ng() { :; }\necho one\necho two\nfalse\nf\n")
    one.stop()
    one.edit("echo old", "echo new")
    one.edit("echo one", "echo 1\n# a comment\necho more")
    one.edit("false", "true")
    found = one.debugger.reload()
    assert (found.line, found.functions, found.not_run) == (7, ("f",), (3, 5))
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines[-1] == "new" and "more" not in one.lines


def test_what_is_put_in_right_before_the_failed_line_runs(traced: Start) -> None:
    one = traced("echo one\ncp conda_build.sh sub/x\necho end\n")
    one.stop()
    one.edit("cp conda", "mkdir sub\ncp conda")
    assert one.debugger.reload().line == 2
    one.debugger.cont()
    assert one.end() == 0


def test_a_line_put_in_and_the_failed_one_changed(traced: Start) -> None:
    one = traced("echo one\ncp missing sub/x\necho end\n")
    one.stop()
    one.edit("cp missing", "mkdir sub\ncp conda_build.sh")
    assert one.debugger.reload().line == 2
    one.debugger.cont()
    assert one.end() == 0


def test_the_line_it_stands_at_can_be_removed(traced: Start) -> None:
    one = traced(FAILS)
    one.stop()
    one.edit("ls missing\n", "")
    assert one.debugger.reload().line == 2
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines[-1] == "end"


def test_with_nothing_left_it_is_said(traced: Start) -> None:
    one = traced("echo one\nls missing\n")
    one.stop()
    one.edit("ls missing\n", "")
    with pytest.raises(UsageError, match="nothing is left"):
        one.debugger.reload()


@pytest.mark.parametrize(
    "text",
    [
        "for i in 1 2; do\n  echo $i\n  false\ndone\n",
        "if true; then\n  echo 1\n  false\nfi\n",
        "f() {\n  echo 1\n  false\n}\nf\n",
        "while read -r x; do\n  echo $x\n  false\ndone <<END\n1\nEND\n",
        "{\n  echo 1\n  false\n} 2>&1\n",
    ],
    ids=["for", "if", "function", "here-document", "group"],
)
def test_edits_inside_what_it_stands_in(text: str, traced: Start) -> None:
    one = traced(f"set -u\necho begin\n{text}echo end\n")
    one.stop()
    one.edit("  false\n", "  true\n  echo inserted\n")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines[-2:] == ["inserted", "end"]
    assert one.lines.count("begin") == 1


def test_a_line_within_a_command_means_that_command(traced: Start) -> None:
    one = traced("if true; then\n  echo inside\nfi\nfalse\n")
    one.stop()
    one.edit("\nfalse", "\ntrue")
    assert one.debugger.reload(line=2).line == 1
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines == ["inside", "inside"]


def test_reloading_twice_takes_the_last_text(traced: Start) -> None:
    one = traced(FAILS)
    one.stop()
    one.edit("ls missing", "echo first")
    one.debugger.reload()
    one.edit("echo first", "echo second")
    assert "second" in one.debugger.reload().diff
    assert "second" in one.debugger.reload().diff  # nothing new: still what is to run
    one.debugger.cont()
    assert one.end() == 0
    assert "first" not in one.lines and "second" in one.lines


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
@pytest.mark.parametrize("last", ["", "END"])
def test_line_ends_of_all_kinds(ending: str, last: str, traced: Start) -> None:
    one = traced(FAILS)
    one.stop()
    text = ("echo one\nls .\necho end" + ("\n" if last else "")).replace("\n", ending)
    one.recipe.write_bytes(text.encode())
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines[-1] == "end"


def test_a_script_without_a_last_newline(traced: Start) -> None:
    one = traced("echo one\nfalse\necho end")
    one.stop()
    one.edit("false", "true")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines == ["one", "end"]


def test_here_documents_where_it_goes_on(traced: Start) -> None:
    text = "cat <<ONE\nfalse\necho $HOME_\nONE\nx=1\nfalse\ncat <<'TWO' > out\nfoo() {\nTWO\ncat out\n"
    one = traced(text)
    one.stop()
    one.edit("x=1\nfalse\n", "x=1\ntrue\n")
    assert one.debugger.reload().line == 6
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines[-1] == "foo() {"


def test_options_and_the_scripts_own_traps_are_kept(traced: Start) -> None:
    text = "set -u -o pipefail\ntrap 'echo at exit' EXIT\ntrap 'echo own err' ERR\nfalse\necho $-\n"
    text += "set -o | grep pipefail\n"
    one = traced(text)
    one.stop()
    one.edit("\nfalse\n", "\ntrue\n")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0
    assert len(one.lines) > 2, one.lines
    assert "e" in one.lines[-3] and "u" in one.lines[-3]
    assert one.lines[-2].split() == ["pipefail", "on"]
    assert one.lines[-1] == "at exit"
    again = traced(text.replace("echo $-", "false"))
    again.stop()
    again.edit("\nfalse\nfalse\n", "\ntrue\nfalse\n")
    again.debugger.reload()
    again.debugger.cont()
    assert again.at() == (5, "false")
    again.debugger.cont()
    assert again.end() == 1
    assert again.lines[-2:] == ["own err", "at exit"]


def test_a_file_edited_while_it_runs_does_no_harm_and_is_there_at_the_next_stop(traced: Start) -> None:
    one = traced("echo one\nuntil [[ -e go ]]; do sleep 0.05; done\nfalse\necho end\n")
    while "one" not in one.lines:
        time.sleep(0.01)
    with pytest.raises(UsageError, match="no script stands"):
        one.debugger.reload()
    (one.work / "conda_build.sh").write_text("echo nothing\n" * 1000)
    one.edit("\nfalse\n", "\ntrue\n")
    (one.work / "go").touch()
    assert one.at() == (3, "false")
    one.debugger.reload(source="recipe")
    one.debugger.cont()
    assert one.end() == 0


def test_a_long_script_is_read_quickly(traced: Start) -> None:
    rows = [f"x{k % 50}=$(( {k} + 1 )); [[ $x{k % 50} ]]" for k in range(5000)]
    rows[4000] = "false"
    one = traced("\n\n".join(rows) + "\n")
    one.stop()
    one.edit("\nfalse\n", "\ntrue\n\ntrue\n")
    begun = time.process_time()
    assert one.debugger.reload().line == 8001
    assert time.process_time() - begun < 20  # seconds, not minutes
    one.debugger.cont()
    assert one.end() == 0


def test_nothing_changed_and_a_line_to_go_on_with(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "3")
    one = traced("echo one\necho two\necho three\n", debugger=debugger)
    one.stop()
    assert debugger.reload().diff == ""
    debugger.remove(1)
    assert debugger.reload(line=2).line == 2
    debugger.cont()
    assert one.end() == 0
    assert one.lines == ["one", "two", "two", "three"]
    assert not _ended(one).owed


@pytest.mark.parametrize("broken", ["false\n", "f() { false; }\nf\n", "for i in 1 2; do\n  false\ndone\n"])
@pytest.mark.parametrize(
    "trap",
    ["trap 'echo own' ERR", "set -E; trap 'echo own' ERR", "trap ': debug' DEBUG",
     "set -o functrace; trap ': debug' DEBUG", "trap 'rm -f tmp; true' EXIT ERR INT TERM"],
)  # fmt: skip
def test_own_traps_do_not_keep_it_from_going_on(trap: str, broken: str, traced: Start) -> None:
    one = traced(f"{trap}\nx=kept\n{broken}echo end\n")
    one.stop()
    one.recipe.write_text(f"{trap}\nx=kept\ntrue\ntrap -p\necho end $x\n")
    one.debugger.reload()
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines[-1] == "end kept", one.lines
    assert any(trap.split("'")[1] in line for line in one.lines[:-1])
    assert "own" not in one.lines


def test_a_breakpoint_where_it_goes_on_does_not_stop_it_again(traced: Start) -> None:
    debugger = Debugger()
    debugger.add("line", "2")
    debugger.add("command", "echo tw*")
    debugger.add("line", "3")
    one = traced("for i in 1 2; do\n  echo two $i\n  echo three\ndone\necho two last\n", debugger=debugger)
    one.stop()
    debugger.remove(2)
    one.edit("three", "3")
    debugger.reload()
    debugger.cont()  # the loop begins again, from its first line
    assert one.at()[0] == 2
    debugger.remove(1)
    debugger.add("line", "5")
    one.edit("for i in", "for i in x;do :; done; for i in")
    debugger.reload(line=5)
    debugger.cont()
    assert one.end() == 0
    assert one.lines == ["two last"]


def test_lines_that_only_the_work_folder_has_are_told_there(traced: Start) -> None:
    one = traced("echo one\nfalse\necho end\n", header="# ours\n")
    assert one.stop().file == str(one.recipe)
    script = one.work / "conda_build.sh"
    script.write_text(script.read_text().replace("false", "true\nfalse"))
    one.debugger.reload()
    one.debugger.cont()
    stop = one.stop()
    assert (stop.file, stop.line, stop.text_line) == (str(script), 4, 3)
    one.recipe.write_text("echo one\ntrue\nfalse\necho end\n")
    one.debugger.reload()
    one.debugger.reload(line=3)
    one.debugger.cont()
    stop = one.stop()
    assert (stop.file, stop.line) == (str(one.recipe), 3)
