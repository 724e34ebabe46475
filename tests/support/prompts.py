"""cbw at its prompt on a real terminal, and what it leaves in the process table."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect

from support.cli import PROGRAM

READY = "\x1b[?2004h"  # bracketed paste goes on when the prompt begins to read
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>]")


class Prompt:
    """`cbw ARGV` on a terminal of its own. `said` is what stood on it since the last line, without escapes."""

    def __init__(
        self, env: Mapping[str, str], cwd: Path, argv: Sequence[object] = ("repl",), *, before: Sequence[str] = ()
    ) -> None:
        words = [*before, str(PROGRAM), *(str(word) for word in argv)]
        self.child: pexpect.spawn[str] = pexpect.spawn(
            words[0],
            words[1:],
            env={**env, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},  # type: ignore[arg-type]
            encoding="utf-8",
            codec_errors="replace",
            timeout=20,
            dimensions=(40, 160),
            cwd=str(cwd),
        )
        self.said = ""

    @property
    def pid(self) -> int:
        return int(self.child.pid)

    def ready(self) -> str:
        """Until the prompt reads; what was written since the last line."""
        self.until(READY)
        return self.said

    def type(self, line: str) -> None:
        self.said = ""
        self.child.send(line + "\r")

    def say(self, line: str) -> str:
        """A line; what came of it, when the prompt reads again."""
        self.type(line)
        return self.ready()

    def until(self, text: str) -> None:
        """Until `text` stands on the terminal. What was typed is there too: it must not hold the text."""
        self.child.expect_exact(text)
        self.said += plain(f"{self.child.before}{text}")

    def press(self, key: str) -> None:
        self.child.sendcontrol(key)

    def ended(self) -> int:
        """Until it ended: its exit status, 128 + n for signal n."""
        self.child.expect(pexpect.EOF)
        self.said += plain(self.child.before)
        self.child.close()
        return 128 + self.child.signalstatus if self.child.signalstatus else int(self.child.exitstatus or 0)

    def hang_up(self) -> None:
        """The terminal goes away, as when its window is closed."""
        os.close(self.child.child_fd)
        self.child.child_fd = -1
        self.child.closed = True


def plain(text: object) -> str:
    return _ESCAPES.sub("", text) if isinstance(text, str) else ""


def processes(mark: str, command: str = "") -> dict[int, str]:
    """pid -> "STATE command" of each process that has `mark` in its arguments, environment or folder, and whose command
    begins so; not our own, and none that ended."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if pid == os.getpid():
            continue
        try:
            words = (folder / "cmdline").read_bytes()
            said = words.replace(b"\0", b" ").decode(errors="replace")
            seen = words + b"\0" + (folder / "environ").read_bytes() + b"\0" + os.fsencode((folder / "cwd").readlink())
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark.encode() in seen and state != "Z" and said.startswith(command):
            found[pid] = f"{state} {said[:100]}"
    return found


def wait_for(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Until something holds that nobody tells of."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it never came to that: {what}"
        time.sleep(0.02)


BUILD = """\
mkdir -p "$PREFIX/share"
echo ran >> "$RECIPE_DIR/../ran"
STAND=here
touch "$PREFIX/share/five"
echo last words
"""


class Stand:
    """A recipe whose build stands at a line, at a prompt. `mark` is in the environment of all that belongs to it."""

    def __init__(self, world: Mapping[str, str], folder: Path, build: str = BUILD) -> None:
        self.env, self.folder, self.mark = dict(world), folder, str(folder)
        temporary = folder / "temporary"
        temporary.mkdir()
        self.env["TMPDIR"] = str(temporary)
        self.recipe = folder / "five"
        self.recipe.mkdir()
        (self.recipe / "meta.yaml").write_text(
            'package:\n  name: five\n  version: "1.0"\ntest:\n  commands:\n    - test -f $PREFIX/share/five\n'
        )
        (self.recipe / "build.sh").write_text(build)

    def prompt(self, stop: str = "3", *, lines: Sequence[str] = (), before: Sequence[str] = ()) -> Prompt:
        """The prompt where the build stands at `stop`. lines: said before it runs."""
        if lines:
            prompt = Prompt(self.env, self.folder, before=before)
            prompt.ready()
            for line in (f"debug -O {self.recipe}", f"break {stop}", *lines):
                prompt.say(line)
            prompt.type("run build")
        else:
            prompt = Prompt(self.env, self.folder, ["debug", "-O", self.recipe, "--stop", stop], before=before)
        prompt.until("-- stopped at breakpoint")
        prompt.ready()
        return prompt

    def processes(self, command: str = "") -> dict[int, str]:
        return processes(self.mark, command)

    @property
    def bash(self) -> int:
        """The shell of the build script."""
        return next(iter(self.processes("bash -o errexit")))

    def all_is_gone(self) -> None:
        wait_for(lambda: not self.processes(), f"no process is left of {self.processes()}", 5.0)
