"""The program, started as a user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).parent / "cbw"


@dataclass(frozen=True)
class Ran:
    """How a run of the program ended."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        """The last JSON object it printed."""
        return json.loads([line for line in self.out.splitlines() if line.startswith("{")][-1])


Cbw = Callable[..., Ran]


def bash(text: str, **env: str) -> str:
    """What a bash with nothing but PATH says to `text`; its failure fails the test."""
    done = subprocess.run(
        ["bash", "--norc", "-c", text],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
