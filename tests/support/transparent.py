"""Scripts run with and without the debugger, and what they leave behind."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from pathlib import Path

from cbw_core.errors import Place
from cbw_core.trace import Debugger, Target
from support.traced_scripts import word_of


def run_script(
    folder: Path, text: str, errexit: bool, debugger: Debugger | None
) -> tuple[str, str, int, dict[str, bytes]]:
    """(stdout, stderr, exit status, files): streams are pipes, so that they are told apart."""
    work, prefix = folder / "work", folder / "prefix"
    for place in (work, prefix):
        place.mkdir(parents=True)
    script = work / "conda_build.sh"
    script.write_text(text)
    argv = ["bash", *(["-o", "errexit"] if errexit else []), str(script)]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PREFIX": str(prefix), "LC_ALL": "C"}

    def start(extra: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=work, env={**env, **extra}, input="fed\n", capture_output=True, text=True, timeout=60, check=False
        )

    if debugger is None:
        done = start({})
    else:
        target = Target(
            "build", "build.sh", script, 0, text, str(script), lambda _, n: Place("build.sh", n), str, prefix, work
        )
        with debugger.tracing(target, folder / "trace", lambda event: None) as traced:
            done = start({"BASH_ENV": str(traced.prelude)})
            traced.status = done.returncode
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for top in (work, prefix)
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }
    return done.stdout, done.stderr, done.returncode, files


def plain(ran: tuple[str, str, int, dict[str, bytes]], folder: Path) -> tuple[object, ...]:
    """Without what differs from run to run: the folder, process ids and temporary names."""

    def same(text: str) -> str:
        text = re.sub(r"tmp\.\w+", "tmp.X", text.replace(str(folder), "HERE"))
        return re.sub(r"/dev/fd/\d+", "/dev/fd/N", text)

    return same(ran[0]), same(ran[1]), ran[2], {k: v.replace(bytes(folder), b"HERE") for k, v in ran[3].items()}


def drive(debugger: Debugger, how: str, words: list[str]) -> None:
    while debugger.run is None:
        threading.Event().wait(0.005)
    while (stop := debugger.wait(30)) is not None:
        words.append(word_of(stop))
        getattr(debugger, how)()
