"""The program, started as a user starts it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.cli import PROGRAM, Cbw, Ran


@pytest.fixture
def cbw(world: Mapping[str, str], tmp_path: Path) -> Cbw:
    """cbw("build", recipe, status=0): run it in an empty folder and hold its exit status."""
    here = tmp_path / "here"
    here.mkdir()

    def run(*argv: object, status: int | None = 0, cwd: Path = here, timeout: float = 240, **env: str) -> Ran:
        done = subprocess.run(
            [str(PROGRAM), *(str(a) for a in argv)],
            cwd=cwd,
            env={**world, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        assert not re.search(r'File "[^"]*cbw_(core|workbench)', ran.text), ran.text  # a traceback of ours
        if status is not None:
            assert ran.status == status, f"exit status {ran.status}, not {status}\n{ran.text[-4000:]}"
        return ran

    return run
