"""A child run to its end."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbw_core.errors import EnvironmentFailure, from_os_error
from cbw_core.process.cancel import Cancel
from cbw_core.process.lines import Lines
from cbw_core.process.settling import Settling
from cbw_core.process.warden import Warden

TIMED_OUT = 124  # as timeout(1) has it


@dataclass(frozen=True)
class Finished:
    """How a child ended: `status` is its exit status, 128 + n for signal n. `tail`: its last lines of output.
    `leftover`: processes ("name (pid)") that it had started, that were still there when it ended, and were ended.
    `cpu_user`, `cpu_sys`: seconds of CPU that it and all below it took; `rss`: memory of the largest, in bytes."""

    status: int
    seconds: float
    tail: tuple[str, ...] = ()
    leftover: tuple[str, ...] = ()
    cpu_user: float = 0.0
    cpu_sys: float = 0.0
    rss: int = 0


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[str], None] | None = None,
    log: Path | None = None,
    cancel: Cancel | None = None,
    pty: bool = False,
    timeout: float | None = None,
    settling: Settling | None = None,
    unlogged: Callable[[OSError], None] | None = None,
) -> Finished:
    """Run a child to its end. stdout and stderr come as one stream, in the order written, line by line to `on_line`
    (without newline, undecodable bytes replaced; of a line that was written over with carriage returns its last
    text) and as they are, appended, to `log`; stdin is empty.

    pty:     give the child a terminal for its output, so that its lines are not held back. Who reads from it (a pager,
             a question for a password) gets an error at once, and does not wait for ever. PAGER and GIT_PAGER are
             `cat` where `env` does not say: a program asked for its log must not think that somebody turns pages.
    timeout: seconds after which the child and all below it are ended (status 124).
    unlogged: called when the log cannot be written (a full disk), and the child goes on; without it the child is ended.
    settling: lets others wait until what was written so far has been passed on.
    Processes that the child leaves behind have half a second to end, then they are ended.
    Raises Interrupted when `cancel` is asked for: the child and all its descendants are gone by then (within 200 ms).
    Raises EnvironmentFailure(kind="missing-tool") when argv[0] cannot be started.
    """
    if cancel is not None:
        cancel.check()
    if pty:
        env = {"PAGER": "cat", "GIT_PAGER": "cat", **env}
    order = _order(_program(argv[0], env), argv, cwd, env)
    started = time.monotonic()
    lines = Lines(on_line)
    with contextlib.ExitStack() as stack:
        try:
            sink = stack.enter_context(log.open("ab", buffering=0)) if log is not None else None
        except OSError as error:
            raise from_os_error(error, "writing the log") from error
        try:
            warden = stack.enter_context(Warden(pty))
        except OSError as error:  # no more processes, descriptors or terminals
            raise from_os_error(error, f"starting {argv[0]}") from error
        warden.give(order)
        if cancel is not None:
            stack.callback(cancel.on_request(warden.end))
        if settling is not None:
            stack.callback(settling.end)
        for chunk in warden.output(timeout, settling):
            if sink is not None:
                try:
                    sink.write(chunk)
                except OSError as error:
                    if unlogged is None:
                        raise from_os_error(error, "writing the log") from error
                    unlogged(error)
            lines.feed(chunk)
        lines.close()
        report = warden.report()
    if cancel is not None:
        cancel.check()
    if report.failed is not None:
        what, reason = report.failed
        raise EnvironmentFailure(
            f"{argv[0]} cannot be started" if what == "program" else f"the folder {cwd} cannot be entered",
            kind="missing-tool" if what == "program" else "disk",
            why=reason,
        )
    if report.status is None:
        raise EnvironmentFailure(
            f"{argv[0]} was lost: the process that watches over it was ended from outside",
            why="\n".join(lines.tail) or None,
            hint="Look whether the machine ran out of memory, then run the same command again.",
        )
    status = TIMED_OUT if warden.timed_out else report.status
    return Finished(status, time.monotonic() - started, tuple(lines.tail), report.leftover, *report.used)


def _program(name: str, env: Mapping[str, str]) -> str:
    """The path of a program, looked for in the PATH that the child will have."""
    if os.sep in name:
        return name
    found = shutil.which(name, path=env.get("PATH", os.defpath))
    if found is None:
        raise EnvironmentFailure(
            f"there is no program named {name}",
            kind="missing-tool",
            why=f"none of the folders of PATH has it: {env.get('PATH', os.defpath)}",
            hint=f"Install {name}, or put the folder that has it on PATH.",
        )
    return os.path.abspath(found)  # noqa: PTH100 (links stay: busybox and friends look at their name)


def _order(program: str, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> bytes:
    """What `_warden.read_order` reads."""
    parts = [str(cwd), program, str(len(argv)), *argv, *(f"{name}={value}" for name, value in env.items())]
    data = b"\0".join(os.fsencode(part) for part in parts)
    if data.count(b"\0") != len(parts) - 1:
        raise ValueError("a NUL character in an argument or a variable of a child process")
    return len(data).to_bytes(8, "big") + data
