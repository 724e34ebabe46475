"""What a shell knows, back as it was: variables of all kinds, functions, options, traps, folders, open files."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cbw_core.errors import UsageError
from cbw_core.trace import Debugger
from support.traced import Traced

Start = Callable[..., Traced]

# what a script can see of itself
SHOW = (
    'printf "%s|" "$#" "$@"; declare -p plain list map exp num up ref gone once 2>&1 | sed s/.*line.*:.//; '
    "declare -F; declare -f f; shopt -p nullglob extglob; set +o | grep -E 'pipefail|nounset|noglob|noclobber|xtrace'; "
    "echo $-; umask; pwd; dirs; alias; trap; bash -c 'type f 2>&1; echo $exp'; echo \"[$IFS]\"; hash -t ls 2>/dev/null"
)

BEFORE = r"""
plain='a b'; list=(1 "2 3"); list[7]=x; declare -A map=([k e]=v ["q]"]="'")
export exp='x
y'; declare -i num=3; declare -u up=abc; declare -n ref=plain; once=1
f() { echo "f 1"; cat <<END
here $plain
END
}
export -f f
set -- one 'two 2'
set -u -o pipefail; shopt -s nullglob
trap 'echo bye' EXIT; trap 'echo "int" ' INT; trap 'echo err' ERR
umask 027; mkdir -p d/e; pushd d >/dev/null; pushd e >/dev/null
alias ll='ls -l'; IFS=$'\n\t'
true here
"""

AFTER = r"""
plain=other; unset list; list=scalar; unset map; exp=no; num=4; declare +i num; declare +u up; up=small
unset -n ref; ref=r; declare +x exp
export gone=1 plain; unset once
f() { echo "f 2"; }
g() { :; }; export -nf f
set -- three
set +u +o pipefail -f -C; shopt -u nullglob; shopt -s extglob
trap - EXIT; trap 'echo more' TERM; trap - INT; trap - ERR
umask 077; cd ..; dirs -c; cd /
unalias ll; alias x=y; IFS=:
hash -p /nowhere ls
"""


def test_everything_a_shell_knows_comes_back(traced: Start) -> None:
    debugger = Debugger(snapshots="commands")
    debugger.add("command", "true [he]*")
    one = traced(BEFORE + AFTER + "true end\n", debugger=debugger)
    line = one.stop().text_line
    assert line is not None
    before = debugger.evaluate(SHOW)
    assert "two 2" in before.output and "here $plain" in before.output, before.output
    debugger.cont()
    assert one.at()[1] == "true end", one.lines
    after = debugger.evaluate(SHOW)
    assert after.output != before.output
    assert debugger.back(line) == ()
    assert one.at() == (line, "true here")
    assert debugger.evaluate(SHOW).output == before.output
    debugger.cont()
    assert one.at()[1] == "true end"
    assert debugger.evaluate(SHOW).output == after.output


def test_the_scripts_own_traps_run_as_in_a_straight_run(traced: Start) -> None:
    text = (
        "trap 'echo one' EXIT\ntrap 'echo err' ERR\necho a\ntrap 'echo two' EXIT\ntrap - ERR\necho b\n"
        "false || true\nfalse || echo c\necho last\n"
    )
    straight = traced(text)
    assert straight.end() == 0
    debugger = Debugger(snapshots="commands")
    point = debugger.add("line", "9")
    one = traced(text, debugger=debugger)
    one.stop()
    debugger.back(3)
    assert one.at() == (3, "echo a")
    assert "echo one" in debugger.evaluate("trap -p EXIT").output and "echo err" in debugger.evaluate("trap -p").output
    debugger.remove(point.number)
    debugger.cont()
    assert one.end() == 0
    assert one.lines[3:] == straight.lines


def test_open_files_are_put_back_or_it_is_said(traced: Start) -> None:
    text = (
        "echo kept > log; echo one > in; echo two >> in\nexec 3>>log\necho a >&3\nexec 4<in\nread -r x <&4\n"
        "exec {own}>mine\necho b >&3; exec 3>&-\nexec 5>late\necho c >&$own\ntrue end\necho d >&$own\n"
    )
    debugger = Debugger(snapshots="commands")
    debugger.add("command", "true end")
    one = traced(text, debugger=debugger)
    one.stop()
    said = debugger.back(7)
    assert [text for text in said if "descriptor 4 (in) is open again, at its beginning" in text], said
    assert one.at()[0] == 7
    assert debugger.evaluate("{ echo x >&5; } 2>&1").status != 0
    debugger.cont()
    one.stop()
    assert (one.work / "log").read_text() == "kept\na\nb\n"
    debugger.cont()
    assert one.end() == 0
    assert (one.work / "mine").read_text() == "c\nd\n"


def test_the_pipes_of_a_pipeline_are_no_open_files(traced: Start) -> None:
    debugger = Debugger(snapshots="commands")
    debugger.add("line", "4")
    one = traced("echo a | cat | cat\nexec 5< <(echo sub)\necho b | cat\necho c | cat\nfalse\n", debugger=debugger)
    one.stop()
    for line in (1, 3):
        assert debugger.back(line) == ()
        assert one.at()[0] == line
        debugger.cont()
        assert one.at()[0] == 4
    assert debugger.evaluate("read -r x <&5; echo $x").output == "sub\n"


def test_what_cannot_be_put_back_is_said(traced: Start) -> None:
    text = "echo a\nreadonly fixed=1\nsleep 30 &\nexec 2>&1\nfalse\n"
    one = traced(text, snapshots="commands")
    one.stop()
    said = " / ".join(one.debugger.back(1))
    assert "fixed is readonly since then" in said
    assert "sleep 30" in said and "goes on" in said
    assert "input and output stays" in said


def test_a_readonly_variable_of_before_is_no_matter(traced: Start) -> None:
    one = traced("readonly fixed=1\necho a $fixed\nfalse\n", snapshots="commands")
    one.stop()
    assert one.debugger.back(2) == ()
    assert one.at() == (2, "echo a $fixed")
    assert one.debugger.evaluate("echo $fixed").output == "1\n"


@pytest.mark.parametrize(
    "inside",
    ["f() { local x=9; cd /; false; }\nf\n", "echo 'x=9; cd /; false' > lib.sh\n. ./lib.sh\n",
     "for k in 1 2; do\n  x=9; cd /\n  false\ndone\n", "false\n", "x=9; exit 3\n"],
    ids=["function", "sourced", "loop", "failure", "exit"],
)  # fmt: skip
def test_back_from_wherever_it_stands(inside: str, traced: Start) -> None:
    one = traced(f"x=1\necho a > made\n{inside}", snapshots="commands")
    for _ in range(2):  # back twice
        assert one.stop().reason in ("failure", "exit")
        one.debugger.back(2)
        assert one.at() == (2, "echo a > made")
        assert one.debugger.evaluate("echo $x; pwd; ls").output == f"1\n{one.work}\nconda_build.sh\n"
        one.debugger.cont()
    one.stop()
    assert (one.work / "made").read_text() == "a\n"


def test_from_a_subshell_nobody_goes_back(traced: Start) -> None:
    one = traced("x=1\n(\n  false\n)\n", snapshots="commands")
    one.stop()
    with pytest.raises(UsageError, match="subshell"):
        one.debugger.back(1)
    one.debugger.cont()
    one.stop()
    one.debugger.back(1)
    assert one.at() == (1, "x=1")


def test_back_after_an_edit_counts_in_the_new_text_and_runs_it(traced: Start) -> None:
    one = traced("echo one\necho two\nfalse\necho end\n", snapshots="commands")
    one.stop()
    one.edit("echo one\n", "# a comment\necho one\n")
    one.edit("echo two", "echo 2")
    one.debugger.reload()
    one.debugger.back(3)
    assert one.at() == (3, "echo 2")
    one.edit("\nfalse", "\ntrue")
    assert one.debugger.reload().line == 3
    one.debugger.cont()
    assert one.end() == 0
    assert one.lines == ["one", "two", "2", "end"]
    assert one.events[-1].owed and not one.events[-1].unsaved  # type: ignore[union-attr]


def test_snapshots_at_stops_let_one_go_back_to_these(traced: Start) -> None:
    debugger = Debugger(snapshots="stops")
    for line in ("2", "4", "7"):
        debugger.add("line", line)
    one = traced(
        "echo a\necho b >> log\necho c\necho d >> log\nf() {\n  :\n  true inside\n}\nf\nfalse\n", debugger=debugger
    )
    assert one.at()[0] == 2
    debugger.cont()
    assert one.at()[0] == 4
    debugger.cont()
    assert one.at() == (7, "true inside")  # in a function: none is kept
    debugger.cont()
    assert one.stop().reason == "failure"
    assert one.debugger.run is not None and one.debugger.run.snapshots is not None
    assert [kept.line for kept in one.debugger.run.snapshots.kept] == [2, 4, 10]
    debugger.back(10)  # as it was when that had failed
    assert one.at() == (10, "false")
    with pytest.raises(UsageError, match="no snapshot was kept of line 3"):
        debugger.back(3)
    debugger.back(4)
    assert one.at()[0] == 4
    assert (one.work / "log").read_text() == "b\n"
    debugger.back(2)
    assert one.at()[0] == 2
    assert not (one.work / "log").exists()


def test_what_a_snapshot_costs_is_told(traced: Start) -> None:
    one = traced("head -c 100000 /dev/zero > big\nsleep 0.1\necho a > small\nfalse\n", snapshots="commands")
    one.stop()
    assert one.debugger.run is not None and one.debugger.run.snapshots is not None
    kept = one.debugger.run.snapshots.kept
    costs = [(row.line, row.cost.files, row.cost.copied + row.cost.shared) for row in kept]
    assert costs == [(1, 0, 0), (2, 1, 100_000), (3, 1, 100_000), (4, 2, 100_002)]
    assert kept[-1].cost.shared >= 100_000
    assert one.debugger.run.snapshots.cost.seconds == pytest.approx(sum(row.cost.seconds for row in kept))
