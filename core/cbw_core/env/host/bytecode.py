"""Compiled files for packages that are not noarch: conda's packages carry them, and a build must not find new ones."""

from __future__ import annotations

import os
from pathlib import Path

from cbw_core.env.host.interpreter import Interpreter
from cbw_core.errors import EnvironmentFailure
from cbw_core.process import Cancel, run

# Always as many, whatever the machine has: the split is part of what makes the bytes.
_WORKERS = 2


def compile_folder(interpreter: Interpreter, folder: Path, *, cancel: Cancel | None = None) -> None:
    """Write a .pyc beside every .py below `folder`. Raises EnvironmentFailure when the interpreter fails at it."""
    script = Path(__file__).with_name("_compile.py")
    argv = [str(interpreter.executable), "-S", "-s", str(script), str(folder), str(_WORKERS)]
    env = {"PATH": os.defpath, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    finished = run(argv, cwd=folder, env=env, cancel=cancel)
    if finished.status != 0:
        raise EnvironmentFailure(
            f"{interpreter.executable} could not compile its own library (exit status {finished.status})",
            kind="host-channel",
            details="\n".join(finished.tail),
        )
