"""Running a debug shell: on a pty of its own (resizes passed on), or one command with our own stdin and stdout."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from cbw_core.errors import EnvironmentFailure
from cbw_workbench.shell.place import Place, start_up


def interactive(place: Place, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Give the terminal to a bash in the session's environment until it ends; its exit status (128 + n for signal n).

    The session's own scripts are only read. `say` gets a line when the user's shell is another one. Raises
    EnvironmentFailure(kind="missing-tool") without a bash.
    """
    import pexpect

    bash = bash_of(environ, say)
    cwd = place.cwd
    if not cwd.is_dir():
        cwd = Path(environ.get("HOME", "/"))
        say(f"the folder {place.cwd} is gone: the shell starts in {cwd}")
    with tempfile.TemporaryDirectory(prefix="cbw-shell-", ignore_cleanup_errors=True) as folder:
        rc = Path(folder) / "bashrc"
        # bash has read all of it when it runs the first line: nothing stays behind if we are killed
        rc.write_text(start_up(place, f"command rm -r -f -- {shlex.quote(folder)}"))
        child: pexpect.spawn[bytes] = pexpect.spawn(
            bash,
            ["--noprofile", "--rcfile", str(rc), "-i"],
            cwd=str(cwd),
            env=dict(environ or os.environ),
            dimensions=_size(),
        )
        with _resizes_to(child):
            child.interact(escape_character=None)
        child.wait()
        child.close()
    return 128 + child.signalstatus if child.signalstatus else int(child.exitstatus or 0)


def bash_of(environ: Mapping[str, str], say: Callable[[str], None]) -> str:
    """The bash to start: $SHELL where it is one. The environment's scripts are bash's, so other shells are named and
    bash is taken."""
    wanted = environ.get("SHELL", "")
    if Path(wanted).name == "bash" and shutil.which(wanted):
        return wanted
    bash = shutil.which("bash", path=environ.get("PATH"))
    if bash is None:
        raise EnvironmentFailure("there is no bash on PATH", kind="missing-tool", hint="Install bash.")
    if wanted and Path(wanted).name not in ("sh", "dash"):
        say(f"the environment's scripts are for bash: starting {bash} in place of {wanted}")
    return bash


def inherit(argv: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> int:
    """Run a child with our stdin, stdout and stderr; its exit status (128 + n for signal n). Ctrl-C is the child's:
    the terminal sends it to both, and we wait for what the child makes of it."""
    with _child_gets_interrupts():
        try:
            status = subprocess.run(list(argv), cwd=cwd, env=dict(environ), check=False).returncode
        except FileNotFoundError:
            raise EnvironmentFailure(f"there is no {argv[0]} on PATH", kind="missing-tool") from None
    return status if status >= 0 else 128 - status


def _size() -> tuple[int, int]:
    size = shutil.get_terminal_size((80, 24))
    return size.lines, size.columns


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def _resizes_to(child: Any) -> Iterator[None]:
    """Pass changes of our terminal's size on to the child's."""
    if not _in_main_thread():
        yield
        return

    def resized(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(OSError):  # the child may have gone this moment
            size = os.get_terminal_size()
            child.setwinsize(size.lines, size.columns)

    before = signal.signal(signal.SIGWINCH, resized)
    try:
        resized(0, None)
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


@contextlib.contextmanager
def _child_gets_interrupts() -> Iterator[None]:
    if not _in_main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
