"""Programs of this machine under other names: scripts that start them, nothing else."""

from __future__ import annotations

import re
import shlex
import subprocess

from cbw_core.env.host.stage import File


def shim(path: str, program: str, setup: str = "") -> File:
    """A script at `path` that becomes `program` (absolute). `setup`: shell lines to run before."""
    text = f'#!/bin/sh\n# cbw\'s host channel: the program of this machine.\n{setup}exec {shlex.quote(program)} "$@"\n'
    return File(path, text.encode(), 0o755)


def version_of(program: str, *arguments: str) -> str | None:
    """The first version number that `program` prints; None where it prints none or does not run."""
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\d+(\.\d+)+|\d+$", (done.stdout or done.stderr).split("\n\n")[0], re.MULTILINE)
    return match[0] if match and done.returncode == 0 else None
