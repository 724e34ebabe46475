"""What a recorded script's lines took and made."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cbw_core.process.memory import Look
from cbw_core.trace.changes import Changed, changes, look
from cbw_core.trace.timeline import Row, Timeline, compare, from_json, rows_of, slowest, timeline_of, to_json
from support.traced import Traced

SH = "/w/build.sh"


def _row(time: float, line: int, command: str, *, pid: int = 1, depth: int = 2, file: str = SH) -> Row:
    return Row(100 + time, pid, depth, line, file, command)


def _timeline(
    text: str, rows: Sequence[Row], ended: float, changed: Sequence[Changed] = (), looks: Sequence[Look] = ()
) -> Timeline:
    return timeline_of(
        rows, text, script=SH, text_line=lambda line: line, name="build.sh", file=SH, began=100.0, ended=100 + ended,
        status=0, changed=changed, looks=looks,
    )  # fmt: skip


def _seconds(made: Timeline) -> dict[int, float]:
    return {part.line: part.seconds for part in made.lines}


def test_record_is_read_with_tabs_in_commands_and_a_decimal_comma_and_without_half_a_row() -> None:
    rows = rows_of("2,5\t7\t2\t3\t/w/b\techo\ta\nb\x001.5\t7\t2\t1\t/w/b\ttrue\x003.0\t7")
    assert rows == (Row(1.5, 7, 2, 1, "/w/b", "true"), Row(2.5, 7, 2, 3, "/w/b", "echo\ta\nb"))


def test_functions_count_for_the_call_and_for_their_own_lines() -> None:
    text = "f() {\n  make\n}\nf\necho\n"
    made = _timeline(text, [_row(1, 4, "f"), _row(2, 2, "make", depth=3), _row(8, 5, "echo")], 9)
    assert _seconds(made) == {2: 6, 4: 7, 5: 1}
    assert [(p.line, p.seconds) for p in made.commands] == [(4, 8), (5, 1)]  # the first one has what was before it
    assert [p.line for p in slowest(made.lines, 2)] == [4, 2]


def test_a_loop_is_one_command_and_its_lines_count_each_time() -> None:
    text = "for i in 1 2\ndo\n  make\ndone\n"
    rows = [_row(0, 1, "for"), _row(1, 3, "make"), _row(3, 1, "for"), _row(4, 3, "make")]
    made = _timeline(text, rows, 10)
    assert [(p.line, p.last, p.seconds, p.runs) for p in made.commands] == [(1, 4, 10, 1)]
    assert [(p.line, p.seconds, p.runs) for p in made.lines] == [(1, 2, 2), (3, 8, 2)]


def test_a_subshell_is_not_charged_to_the_command_before_it() -> None:
    text = "echo a\n( make\n  true )\necho b\n"
    rows = [_row(0, 1, "echo a"), _row(1, 2, "make", pid=2), _row(6, 3, "true", pid=2), _row(7, 4, "echo b")]
    made = _timeline(text, rows, 8)
    assert _seconds(made) == {1: 1, 2: 5, 3: 1, 4: 1}
    assert [(p.line, p.seconds) for p in made.commands] == [(1, 1), (2, 6), (4, 1)]


def test_a_substitution_and_a_pipeline_count_once_for_their_line() -> None:
    text = "x=$(make)\nmake | tee log\necho\n"
    rows = [
        _row(0, 1, "x=$(make)"), _row(1, 1, "make", pid=2), _row(4, 2, "make", pid=3), _row(4.5, 2, "tee log", pid=4),
        _row(9, 3, "echo"),
    ]  # fmt: skip
    assert _seconds(_timeline(text, rows, 10)) == {1: 4, 2: 5, 3: 1}


def test_recursion_does_not_count_twice() -> None:
    text = "f() { [ $1 = 0 ] ||\n  f 0\n}\nf 1\n"
    rows = [_row(0, 4, "f 1"), _row(1, 2, "f 0", depth=3), _row(2, 2, "f 0", depth=4)]
    assert _seconds(_timeline(text, rows, 5)) == {2: 4, 4: 5}


def test_files_go_to_the_line_whose_time_they_have() -> None:
    text = "make\nmake install\n"
    rows = [_row(0, 1, "make"), _row(5, 2, "make install")]
    changed = [
        Changed("$PREFIX/lib/a", 107, True),
        Changed("$SRC_DIR/a.o", 101, True),
        Changed("$SRC_DIR/log", 106, False),
        Changed("$PREFIX/moved", 108, True, exact=False),
    ]
    made = _timeline(text, rows, 9, changed)
    assert [(f.path, f.line, f.command, f.changed, f.sure) for f in made.files] == [
        ("$SRC_DIR/a.o", 1, "make", False, True),
        ("$PREFIX/lib/a", 2, "make install", False, True),
        ("$PREFIX/moved", 2, "make install", False, False),
        ("$SRC_DIR/log", 2, "make install", True, True),
    ]
    assert [p.files for p in made.commands] == [p.files for p in made.lines] == [1, 3]


def test_within_a_step_of_the_clock_the_command_that_names_the_file_is_told_but_not_for_sure() -> None:
    text = "touch a\ntouch b\nsleep 1\n"
    rows = [_row(0.001, 1, "touch a"), _row(0.002, 2, "touch b"), _row(0.003, 3, "sleep 1")]
    made = _timeline(text, rows, 1, [Changed("$PREFIX/b", 100.0, True), Changed("$PREFIX/c", 100.5, True)])
    assert [(f.path, f.line, f.sure) for f in made.files] == [("$PREFIX/b", 2, False), ("$PREFIX/c", 3, True)]


def test_while_a_job_runs_in_the_background_nothing_is_sure() -> None:
    text = "make &\ntrue\nwait\nmake install\n"
    rows = [_row(0, 1, "make", pid=2), _row(1, 2, "true"), _row(2, 3, "wait"), _row(5, 4, "make install")]
    changed = [Changed("$PREFIX/early", 101.5, True), Changed("$PREFIX/late", 106, True)]
    assert [(f.path, f.sure) for f in _timeline(text, rows, 9, changed).files] == [
        ("$PREFIX/early", False),
        ("$PREFIX/late", True),
    ]


def test_a_job_whose_commands_come_late_is_in_the_background_from_its_beginning() -> None:
    text = "( make ) &\ntrue\n"
    rows = [_row(0, 2, "true"), _row(0.5, 1, "make", pid=2)]
    assert [f.sure for f in _timeline(text, rows, 9, [Changed("$PREFIX/early", 100.2, True)]).files] == [False]


def test_a_redirected_group_names_the_file_in_the_script_only() -> None:
    text = "sleep 1\n{ echo a; } > $PREFIX/end\nsleep 1\n"
    rows = [_row(0, 1, "sleep 1"), _row(1, 2, "echo a"), _row(1.001, 3, "sleep 1")]
    assert [f.line for f in _timeline(text, rows, 2, [Changed("$PREFIX/end", 100.996, True)]).files] == [2]


def test_two_runs_are_matched_by_the_text_of_their_commands() -> None:
    before = _timeline("a\nslow\nb\n", [_row(0, 1, "a"), _row(1, 2, "slow"), _row(7, 3, "b")], 8)
    after = _timeline("a\nnew\nslow\n", [_row(0, 1, "a"), _row(1, 2, "new"), _row(2, 3, "slow")], 4)
    found = compare(before.commands, after.commands)
    named = [(p.before and p.before.command, p.after and p.after.command, p.seconds) for p in found]
    assert named == [("a", "a", 0), (None, "new", 1), ("slow", "slow", -4), ("b", None, -1)]


def test_memory_is_told_of_what_was_looked_at_while_it_ran_and_of_nothing_else() -> None:
    text = "f() {\n  big\n}\nf\ntrue\nsmall\n"
    rows = [_row(1, 4, "f"), _row(2, 2, "big", depth=3), _row(6, 5, "true"), _row(6.1, 6, "small")]
    looks = [Look(101.5, 10), Look(103.0, 300), Look(105.0, 200), Look(107.0, 20)]
    made = _timeline(text, rows, 8, looks=looks)
    assert {p.line: p.memory for p in made.lines} == {2: 300, 4: 300, 5: None, 6: 20}
    assert {p.line: p.memory for p in made.commands} == {4: 300, 5: None, 6: 20}
    assert (made.memory, made.memory_every) == (300, 2.0)
    assert from_json(to_json(made)) == made


def test_a_timeline_of_a_time_when_memory_was_not_told_is_read() -> None:
    data = to_json(_timeline("make\n", [_row(0, 1, "make")], 2))
    for row in (data, *data["commands"], *data["lines"]):
        row.pop("memory")
    data.pop("memory_every")
    made = from_json(data)
    assert (made.memory, made.lines[0].memory) == (None, None)


def test_a_timeline_survives_json() -> None:
    made = _timeline("make\n", [_row(0, 1, "make")], 2, [Changed("$PREFIX/a", 101, True)])
    assert from_json(to_json(made)) == made


def test_changes_tell_made_from_changed_and_a_further_link_from_a_change(tmp_path: Path) -> None:
    for name in ("same", "linked", "other"):
        (tmp_path / name).write_text(name)
    before = look({"T": tmp_path}, [tmp_path / "left-out"])
    os.link(tmp_path / "linked", tmp_path.parent / "elsewhere")
    (tmp_path / "other").write_text("longer than before")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "link").symlink_to("nowhere")
    (tmp_path / "left-out").write_text("")
    found = changes(before, look({"T": tmp_path}, [tmp_path / "left-out"]), 0)
    assert {(c.path, c.made) for c in found} == {("T/other", False), ("T/d/link", True)}


def test_a_file_moved_with_its_folder_has_the_folders_time(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_text("")
    tree = tmp_path / "tree"
    tree.mkdir()
    before = look({"T": tree})
    began = (source / "file").stat().st_ctime + 0.5
    source.rename(tree / "moved")
    after = look({"T": tree})
    folder = after["T/moved"].changed
    (found,) = changes(before, after, min(began, folder))
    assert (found.path, found.made) == ("T/moved/file", True)
    assert found.time == folder


@pytest.mark.parametrize("status", [0, 3])
def test_a_script_that_runs_through_is_recorded_by_line(status: int, traced: Callable[..., Traced]) -> None:
    text = f"""\
put() {{
  sleep 0.05
  echo x > "$PREFIX/$1"
  sleep 0.05
}}
mkdir -p $PREFIX/lib; sleep 0.05
for name in a b; do
  put lib/$name
done
( sleep 0.1
  touch $PREFIX/sub; sleep 0.05 )
cat > $PREFIX/text <<END
a word
END
sleep 0.05
exit {status}
"""
    one = traced(text, record=1000, on_fail=False)
    assert one.end() == status
    made = one.debugger.timeline
    assert made is not None
    assert made.status == status
    assert [(p.line, p.last) for p in made.commands] == [(6, 6), (7, 9), (10, 11), (12, 14), (15, 15), (16, 16)]
    assert {f.path: f.line for f in made.files} == {
        "$PREFIX/lib/a": 3,
        "$PREFIX/lib/b": 3,
        "$PREFIX/sub": 11,
        "$PREFIX/text": 12,
    }
    runs = {p.line: p.runs for p in made.lines}
    assert (runs[2], runs[3], runs[8], runs[10]) == (2, 2, 2, 1)
    seconds = _seconds(made)
    assert seconds[8] >= seconds[2] >= 0.1
    assert abs(sum(p.seconds for p in made.commands) - made.seconds) < 1e-3


def test_without_recording_there_is_no_timeline(traced: Callable[..., Traced]) -> None:
    one = traced("true\n")
    one.end()
    assert one.debugger.timeline is None
