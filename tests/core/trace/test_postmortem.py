"""A Python program that an exception ended, looked into."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cbw_core.errors import Place, UsageError
from cbw_core.events import Event, Note, Stopped
from cbw_core.trace import Debugger, PythonRun, Target

PROGRAM = """\
import os
import sys


class Odd:
    def __repr__(self):
        raise ValueError("no repr")


def inner(number, text="a\\tb"):
    odd = Odd()
    rows = [n for n in range(number)]
    return rows[number]


def outer():
    where = "outer"
    return inner(3)


print("began", len(sys.argv), os.environ.get("PYTHONPATH"))
TOP = {"key": 1}
outer()
"""


class Program:
    """A program that runs in a thread."""

    def __init__(self, folder: Path, text: str, debugger: Debugger, environ: dict[str, str]) -> None:
        self.folder, self.debugger = folder, debugger
        folder.mkdir()
        self.file = folder / "run_test.py"
        self.file.write_text(text)
        self.events: list[Event] = []
        self.done: subprocess.CompletedProcess[str] | None = None
        self.environ = {"PATH": os.environ["PATH"], "PWD": str(folder), **environ}
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._began = threading.Event()
        self._thread.start()
        assert self._began.wait(20)

    def _work(self) -> None:
        file, text = self.file, self.file.read_text()
        target = Target(
            "test",
            file.name,
            file,
            0,
            text,
            str(file),
            lambda _, n: Place(str(file), n),
            None,
            self.folder,
            self.folder,
        )
        with self.debugger.tracing(target, self.folder / "trace", self.events.append, PythonRun) as run:
            self._began.set()
            self.done = plain(self.file, run.before, self.environ)
            run.status = self.done.returncode

    def end(self) -> subprocess.CompletedProcess[str]:
        self._thread.join(30)
        assert self.done is not None
        return self.done


def plain(file: Path, before: tuple[str, ...], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-s", str(file), "arg"],
        cwd=file.parent,
        env=environ,
        input="fed\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    made: list[Program] = []

    def begin(text: str, debugger: Debugger | None = None, **environ: str) -> Program:
        made.append(Program(tmp_path / f"run{len(made)}", text, debugger or Debugger(), environ))
        return made[-1]

    yield begin
    for one in made:
        if one.debugger.stop is not None:
            one.debugger.cont()
        one.end()


def test_the_frames_of_an_uncaught_exception_are_looked_at(begin: Callable[..., Program]) -> None:
    one = begin(PROGRAM)
    debugger = one.debugger
    stop = debugger.wait(20)
    assert stop is not None
    assert (stop.reason, stop.command, stop.status) == ("failure", "IndexError: list index out of range", 1)
    found = [(f.function, Path(f.file).name, f.line, f.text_line) for f in stop.frames]
    assert found == [
        ("inner", "run_test.py", 13, 13),
        ("outer", "run_test.py", 18, 18),
        ("<module>", "run_test.py", 23, 23),
    ]
    values = {v.name: v.value for v in debugger.variables()}
    assert values["rows"] == "[0, 1, 2]" and values["text"] == "'a\\tb'" and values["number"] == "3"
    assert values["odd"] == "<Odd: its repr raises ValueError>"
    assert debugger.evaluate("rows[-1] + number").output == "5\n"
    assert debugger.evaluate("[n + number for n in rows]").output == "[3, 4, 5]\n"
    failed = debugger.evaluate("rows[9]")
    assert failed.status == 1 and "IndexError" in failed.output
    assert debugger.evaluate("print('said'); import sys; print('err', file=sys.stderr)").output == "said\nerr\n"
    assert "list index" in debugger.evaluate("__exception__").output
    assert debugger.run is not None
    debugger.run.select(1)
    assert {v.name: v.value for v in debugger.variables()} == {"where": "'outer'"}
    debugger.run.select(2)
    assert debugger.evaluate("TOP['key']").output == "1\n"
    with pytest.raises(UsageError, match="no frame 3"):
        debugger.run.select(3)
    debugger.cont()
    assert one.end().returncode == 1


def test_what_a_shell_can_is_refused(begin: Callable[..., Program]) -> None:
    debugger = begin(PROGRAM).debugger
    assert debugger.wait(20) is not None
    for what in (debugger.step, debugger.next, debugger.finish, debugger.reload):
        with pytest.raises(UsageError, match="the program is over"):
            what()
    for shell in (debugger.functions, debugger.state_file, lambda: debugger.set("a=1")):
        with pytest.raises(UsageError, match="for shell scripts"):
            shell()
    assert debugger.jobs() == () and debugger.options() == {}


def test_a_chain_of_large_values_and_other_files_are_told_whole_or_bounded(
    begin: Callable[..., Program], tmp_path: Path
) -> None:
    library = tmp_path / "lib"
    library.mkdir()
    (library / "helper.py").write_text("def fail(rows):\n    wide = 'x' * 10_000_000\n    raise KeyError('a\\nb')\n")
    one = begin("import helper\nhelper.fail(list(range(100000)))\n", PYTHONPATH=str(library))
    stop = one.debugger.wait(20)
    assert stop is not None
    assert [Path(frame.file).name for frame in stop.frames] == ["helper.py", "run_test.py"]
    assert all(len(str(v.value)) < 2010 for v in one.debugger.variables())
    assert one.debugger.evaluate("len(wide)").output == "10000000\n"
    one.debugger.evaluate("print('y' * 200000)")


UNITTEST = """\
import unittest
class T(unittest.TestCase):
    def test(self):
        self.fail('no')
unittest.main(argv=['t'], verbosity=0)
"""
QUIET = {
    "nothing fails": "import sys, os\nprint(sys.path[1:], sorted(os.environ), input())\nsys.stderr.write('err')\n",
    "exit": "import sys\nprint('a')\nsys.exit(3)\n",
    "fails": PROGRAM.replace("raise ValueError", "return 'x' #"),
    "syntax error": "print('a'\n",
    "sitecustomize": (
        "import sys\nprint(getattr(sys.modules.get('sitecustomize'), 'MINE', None), 'trace' in str(sys.path))\n"
    ),
    "own hook": "import sys\nsys.excepthook = lambda *a: print('own', a[0].__name__)\n1 / 0\n",
    "unittest": UNITTEST,
    "child": (
        "import subprocess, sys\nsubprocess.call([sys.executable, '-c', 'import os; print(*sorted(os.environ))'])\n"
    ),
    "interrupted": "raise KeyboardInterrupt\n",
    "thread": "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()\nprint('on')\n",
}


@pytest.mark.parametrize("path", ["", "mine"])
@pytest.mark.parametrize("name", QUIET)
def test_a_program_does_what_it_does_alone(name: str, path: str, begin: Callable[..., Program], tmp_path: Path) -> None:
    environ = {}
    if path:
        (tmp_path / path).mkdir()
        (tmp_path / path / "sitecustomize.py").write_text("MINE = 1\n")
        environ["PYTHONPATH"] = str(tmp_path / path)
    one = begin(QUIET[name], **environ)
    stop = one.debugger.wait(20)
    assert (stop is not None) is (name == "fails")
    if stop is not None:
        one.debugger.cont()
    done = one.end()
    alone = plain(one.file, (), one.environ)

    def times(text: str) -> str:
        import re

        return re.sub(r"in \d\.\d+s|Thread-\d+", "", text)

    assert (done.returncode, done.stdout, times(done.stderr)) == (alone.returncode, alone.stdout, times(alone.stderr))


def test_with_failures_let_go_nothing_stands(begin: Callable[..., Program]) -> None:
    one = begin(PROGRAM, Debugger(on_fail=False))
    assert one.end().returncode == 1
    assert not any(isinstance(event, Stopped) for event in one.events)


def test_a_breakpoint_in_it_is_said_not_to_be_stepped(begin: Callable[..., Program]) -> None:
    debugger = Debugger()
    debugger.add("line", "run_test.py:13")
    one = begin("print(1)\n", debugger)
    one.end()
    said = [event.text for event in one.events if isinstance(event, Note)]
    assert said[0] == "breakpoint 1: run_test.py is not stepped; a failure stops there"


def test_snapshots_and_edits_are_no_matter_of_it(begin: Callable[..., Program]) -> None:
    one = begin(PROGRAM, Debugger(snapshots="stops"))
    assert one.debugger.wait(20) is not None
    one.file.write_text("if (\n")
    assert one.debugger.run is not None and one.debugger.run.editing.unread() is None
    with pytest.raises(UsageError, match="no snapshots"):
        one.debugger.back(1)
