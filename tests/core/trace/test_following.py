"""Bash scripts that the script starts, followed."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import UsageError
from cbw_core.events import Note, Stopped
from cbw_core.trace import Debugger, Stop
from support.traced import Traced
from support.transparent import drive, plain, run_script

Start = Callable[..., Traced]


def place(stop: Stop) -> str:
    return " < ".join(f"{Path(f.file).name}:{f.line}" for f in stop.frames)


def walk(one: Traced, how: str = "step") -> list[str]:
    found = []
    while (stop := one.debugger.wait(20)) is not None:
        found.append(place(stop))
        assert len(found) < 80, found
        getattr(one.debugger, how)()
    one.end()
    return found


@pytest.fixture
def begin(traced: Start, tmp_path: Path) -> Start:
    def begin(text: str, *, debugger: Debugger | None = None, **files: str) -> Traced:
        """A script with others beside it in the work folder: helper="..." is helper.sh."""
        work = tmp_path / "run0" / "work"
        work.mkdir(parents=True)
        for name, body in files.items():
            path = work / (name if name == "Makefile" else f"{name}.sh")
            path.write_text(body)
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return traced(text, debugger=debugger or Debugger(follow=True, stop_first=True))

    return begin


HELPER = '#!/bin/bash\nx=1\nf() {\n  echo "f $1"\n}\nf one\nexit 3\n'


@pytest.mark.parametrize(
    "call", ["bash helper.sh", "./helper.sh", "bash -eu ./helper.sh", '"$PWD/helper.sh"', "env A=1 ./helper.sh"]
)
def test_stepping_goes_in_and_comes_back(call: str, begin: Start) -> None:
    one = begin(f"{call} || echo $?\necho end\n", helper=HELPER)
    assert walk(one) == [
        "build.sh:1",
        "helper.sh:2 < build.sh:1",
        "helper.sh:6 < build.sh:1",
        "helper.sh:3 < helper.sh:6 < build.sh:1",
        "helper.sh:4 < helper.sh:6 < build.sh:1",
        "helper.sh:7 < build.sh:1",
        "build.sh:1",
        "build.sh:2",
    ]
    assert one.lines == ["f one", "3", "end"]


def test_next_goes_over_it_and_finish_out_of_it(begin: Start) -> None:
    one = begin("./helper.sh || true\necho end\n", helper=HELPER)
    one.stop()
    one.debugger.next()
    assert place(one.stop()) == "build.sh:1"
    one.debugger.next()
    assert place(one.stop()) == "build.sh:2"


def test_next_inside_stays_inside(begin: Start) -> None:
    one = begin("(./helper.sh) || true\necho end\n", helper=HELPER)
    assert one.stop().subshell == 1
    one.debugger.step()
    assert place(one.stop()) == "helper.sh:2 < build.sh:1"
    one.debugger.next()
    assert place(one.stop()) == "helper.sh:6 < build.sh:1"
    one.debugger.next()
    assert place(one.stop()) == "helper.sh:7 < build.sh:1"
    one.debugger.finish()
    assert place(one.stop()) == "build.sh:1"


def test_a_breakpoint_holds_in_a_followed_script_and_one_that_it_starts(begin: Start) -> None:
    debugger = Debugger(follow=True)
    debugger.add("line", "second.sh:2")
    debugger.add("function", "f")
    one = begin(
        "g() {\n  ./helper.sh\n}\ng\n",
        debugger=debugger,
        helper='#!/usr/bin/env bash\nx=1\ncd /\n"$OLDPWD/second.sh" a b\n',
        second="#!/bin/bash\necho $# $1\nf() { :; }\nf\n",
    )
    stop = one.stop()
    assert place(stop) == "second.sh:2 < helper.sh:4 < build.sh:2 < build.sh:4"
    assert [frame.function for frame in stop.frames] == ["main", "main", "g", "main"]
    assert debugger.evaluate('echo "$1 ${x-none}"').output == "a none\n"
    assert stop.followed and Path(stop.script).name == "second.sh"
    debugger.cont()
    assert one.stop().frames[0].function == "f"
    debugger.cont()
    assert one.end() == 0
    assert one.lines == ["2 a"]


def test_a_breakpoint_holds_in_a_copy_of_a_file_of_the_recipe(begin: Start, tmp_path: Path) -> None:
    debugger = Debugger(follow=True)
    debugger.add("line", "helper.sh:3")
    (tmp_path / "run0").mkdir()
    (tmp_path / "run0" / "helper.sh").write_text("#!/bin/bash\nx=1\necho helped\n")
    one = begin('cp "$PREFIX/../helper.sh" .\nbash helper.sh\n', debugger=debugger)
    assert place(one.stop()) == "helper.sh:3 < build.sh:2"


def test_a_failure_in_a_followed_script_stops_there_and_then_where_it_was_called(begin: Start) -> None:
    one = begin("set -e\n./helper.sh\n", debugger=Debugger(follow=True), helper="#!/bin/bash\nset -e\nls missing\n")
    stop = one.stop()
    assert (place(stop), stop.reason, stop.command) == ("helper.sh:3 < build.sh:2", "failure", "ls missing")
    one.edit("./helper.sh", "true")
    with pytest.raises(UsageError, match=r"stands in helper\.sh, which it started"):
        one.debugger.reload()
        one.debugger.cont()
    one.debugger.drop_pending()
    one.debugger.cont()
    assert (place(one.stop()), one.stop().reason) == ("build.sh:2", "failure")
    one.debugger.cont()
    assert one.end() == 2


def test_what_a_followed_script_hands_back_is_no_failure(begin: Start) -> None:
    one = begin("if ./helper.sh; then echo yes; fi\n", debugger=Debugger(follow=True), helper="#!/bin/bash\nexit 1\n")
    assert one.end() == 0
    assert not any(isinstance(event, Stopped) for event in one.events)


MAKE = "SHELL = /bin/bash\nall: a b c\na b c:\n\t@./helper.sh $@\n"


def test_scripts_that_run_side_by_side_do_not_mix_up_their_stops(begin: Start) -> None:
    one = begin("make -j3\n", Makefile=MAKE, helper="#!/bin/bash\nwho=$1\nsleep 0.01\necho $who >> out.$who\n")
    seen: dict[int, list[str]] = {}
    while (stop := one.debugger.wait(20)) is not None:
        assert stop.frames[-1].file == str(one.recipe)
        if stop.followed:
            who = one.debugger.evaluate("echo $1").output.strip()
            seen.setdefault(stop.pid, []).append(f"{who}:{stop.line}")
        one.debugger.step()
    assert one.end() == 0
    assert sorted(seen.values()) == [[f"{who}:{line}" for line in (2, 3, 4)] for who in "abc"]
    assert all((one.work / f"out.{who}").read_text() == f"{who}\n" for who in "abc")


def test_what_cannot_be_followed_is_said(begin: Start) -> None:
    one = begin(
        "sh helper.sh\n./second.sh\nenv -i ./third.sh\nbash --posix third.sh\nunset BASH_ENV\n./third.sh\n",
        debugger=Debugger(follow=True),
        helper="echo a\n",
        second="#!/bin/sh\necho b\n",
        third="#!/bin/bash\necho c\n",
    )
    assert one.end() == 0
    said = [event.text for event in one.events if isinstance(event, Note)]
    assert said == [
        "build.sh:1: `sh helper.sh` is not followed: sh is no bash",
        "build.sh:2: `./second.sh` is not followed: it is a script for /bin/sh",
        "build.sh:3: `env -i ./third.sh` is not followed: it takes BASH_ENV away",
        "build.sh:4: `bash --posix third.sh` is not followed: bash does not read BASH_ENV then",
        "build.sh:5: `unset BASH_ENV`: what the script starts behind it is not followed",
    ]


def test_without_it_other_scripts_are_one_command(begin: Start) -> None:
    one = begin("./helper.sh || true\nbash helper.sh || true\n", debugger=Debugger(stop_first=True), helper=HELPER)
    assert walk(one) == ["build.sh:1", "build.sh:1", "build.sh:2", "build.sh:2"]


def _with(helper: str, text: str) -> str:
    """A script that writes helper.sh first."""
    return f"cat > helper.sh <<'END HELPER'\n#!/bin/bash\n{helper}END HELPER\nchmod +x helper.sh\n{text}"


FOLLOWED = {
    "status": _with("exit 3\n", "./helper.sh || echo $?\n"),
    "set -e of its own": _with("set -e\necho a\nfalse\necho b\n", "./helper.sh && echo yes || echo no $?\n"),
    "without set -e": _with("false\n[[ $- == *e* ]] || echo off\n", "./helper.sh\n[[ $- == *e* ]] && echo on\n"),
    "stdin": _with('read x; echo "<$x>"; cat\n', "printf 'a\\nb\\n' | ./helper.sh\n./helper.sh\n"),
    "streams": _with("echo out; echo err >&2\n", "./helper.sh 2> err > out\n./helper.sh 3>&1 1>&2 2>&3\n"),
    "xtrace": _with("echo in\nx=$(echo y)\n", "set -x\nbash -x helper.sh\nbash -eux helper.sh\n./helper.sh\n"),
    "nounset": _with("echo ${x-none}\necho $undefined\necho on\n", "bash -u helper.sh || echo $?\n"),
    "traps": _with(
        "trap 'echo bye $? $LINENO' EXIT\ntrap 'echo err $LINENO' ERR\nfalse\nexit 4\n", "./helper.sh || echo $?\n"
    ),
    "children of children": _with(
        "echo level $1 $SHLVL\nif (($1 < 3)); then ./helper.sh $(($1 + 1)); fi\n", "./helper.sh 1\n"
    ),
    "in substitutions": _with("echo $#\n", 'x=$(./helper.sh a b)\necho "$x" $(bash helper.sh)\n./helper.sh | cat\n'),
    "functions and arguments": _with(
        'f() { echo "$1" "$FUNCNAME"; }\nf "$2"\necho "$0" "${BASH_SOURCE[0]}" $LINENO\n', "./helper.sh a 'b c'\n"
    ),
    "text of -c and stdin": (
        "bash -c 'echo \"$0 $1\" $-' name arg\nbash -eux -c 'echo a'\n"
        "echo 'echo $-; f() { echo f; }; f' | bash\nbash -s x <<< 'echo $1'\n"
    ),
    "sourced there": _with("echo 'echo in lib $1' > lib.sh\n. ./lib.sh arg\n", "./helper.sh\n"),
    "make": _with(
        "echo made $1\n",
        "printf 'SHELL=/bin/bash\\nall: a b\\na b:\\n\\t@./helper.sh $@\\n' > Makefile\nmake -s\n",
    ),
    "exec": _with("echo replaced $$ | sed 's/[0-9]*$//'\n", "exec ./helper.sh\necho no\n"),
    "in the background": _with("echo $1 > $1.txt\n", "./helper.sh a & ./helper.sh b &\nwait\ncat a.txt b.txt\n"),
    "cleared": _with("echo ${BASH_ENV-none}\n", "env -i ./helper.sh\nBASH_ENV= ./helper.sh\nsh -c 'echo dash'\n"),
    "errtrace there": _with("set -E\ntrap 'echo err $LINENO' ERR\nf() { false; }\nf\ntrue\n", "./helper.sh\n"),
}


@pytest.mark.parametrize("how", ["run", "step", "next"])
@pytest.mark.parametrize("name", FOLLOWED)
def test_followed_scripts_do_what_they_do_alone(name: str, how: str, tmp_path: Path) -> None:
    text = FOLLOWED[name]
    alone = plain(run_script(tmp_path / "alone", text, True, None), tmp_path / "alone")
    debugger = Debugger(on_fail=False, follow=True, stop_first=how != "run")
    words: list[str] = []
    driver = threading.Thread(target=drive, args=(debugger, how, words))
    if how != "run":
        driver.start()
    traced = run_script(tmp_path / "debug", text, True, debugger)
    if how != "run":
        driver.join(30)
    assert plain(traced, tmp_path / "debug") == alone
    if how == "step" and "helper.sh" in text and name != "cleared":
        assert any("helper.sh" in word or "lib.sh" in word for word in words), words
