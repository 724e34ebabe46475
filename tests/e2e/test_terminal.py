"""The C library in a real terminal of 80 columns and 24 lines: stepped through all phases, left with q."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pytest

from cbw_core.config import Config
from cbw_core.session import PHASES, State, last_session
from support.cli import PROGRAM
from support.paths import EXAMPLES


def read_until(child: pexpect.spawn, holds: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Read what the program draws until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"it never came to that: {what}"
        child.expect([pexpect.TIMEOUT, r".+"], timeout=0.05)


@pytest.mark.slow
def test_the_c_library_is_stepped_to_its_end_in_a_terminal_and_left_with_q(
    world: Mapping[str, str], config: Config, tmp_path: Path
) -> None:
    recipe = shutil.copytree(EXAMPLES / "clib", tmp_path / "clib")
    child = pexpect.spawn(
        str(PROGRAM),
        ["debug", "-O", "-c", "host", str(recipe), "--output-id", "libtally-*"],
        env={**world, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=120,
    )
    try:
        child.expect("\x1b\\[\\?1049h")  # the screen opens
        child.expect("package")
        session = last_session(config)
        for phase in PHASES[PHASES.index(session.status().next_phase or PHASES[0]) :]:
            child.send("s")
            read_until(child, lambda p=phase: session.status()[p].state is State.DONE, f"{phase} is done")
            child.expect(r"\d+\.\ds")  # the command's seconds: it has ended
        child.send("q")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0
    finally:
        child.close(force=True)
    assert {p.state for p in session.status().phases} == {State.DONE}
