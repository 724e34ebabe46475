"""What the debugger costs: 100,000 simple commands with no breakpoint hit, beside bash alone and `set -x` to a file.

python benchmarks/trace.py [--bashdb PATH] [--commands N]   exit status 1 when a limit is missed
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder: its inspect.py and trace.py are not Python's own

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cbw_core.errors import Place
from cbw_core.trace import Debugger, Target

ROUNDS = 3


def script_of(commands: int) -> str:
    return f"i=0\nwhile ((i < {commands // 2})); do\n  ((++i))\ndone\n"


def best(work: Callable[[], None]) -> float:
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def traced(folder: Path, text: str, debugger: Debugger) -> Callable[[], None]:
    script, prefix = folder / "conda_build.sh", folder / "prefix"
    script.write_text(text)
    prefix.mkdir(exist_ok=True)
    target = Target("build", "build.sh", script, 0, text, str(script), _place, str, prefix, folder)

    def run() -> None:
        with debugger.tracing(target, folder / "trace", lambda event: None) as one:
            done = subprocess.run(["bash", str(script)], env={**os.environ, "BASH_ENV": str(one.prelude)}, check=True)
            one.status = done.returncode

    return run


def _bash(script: Path) -> Callable[[], None]:
    def run() -> None:
        subprocess.run(["bash", str(script)], check=True)

    return run


def _place(text: str, line: int) -> Place:
    return Place("build.sh", line)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=100_000)
    parser.add_argument("--bashdb", help="the program `bashdb` (github.com/rocky/bashdb), to be held against")
    args = parser.parse_args()
    text = script_of(args.commands)
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = folder / "plain.sh"
        plain.write_text(text)
        log = folder / "xtrace.log"

        def xtrace() -> None:
            with log.open("w") as out:
                subprocess.run(["bash", "-x", str(plain)], stderr=out, check=True)

        alone = best(_bash(plain))
        xtraced = best(xtrace)
        ours = best(traced(folder, text, Debugger()))
        print(
            f"{args.commands} commands: bash {alone:.2f} s, set -x to a file {xtraced:.2f} s, the debugger {ours:.2f} s"
        )
        print(f"the debugger / set -x: {ours / xtraced:.2f} (at most 4)")
        failed |= ours > 4 * xtraced
        if args.bashdb:
            commands = folder / "commands"
            commands.write_text("continue\nquit\n")
            argv = [args.bashdb, "-q", "-x", str(commands), str(plain)]

            def bashdb() -> None:
                subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)

            theirs = best(bashdb)
            print(f"bashdb {theirs:.2f} s; bashdb / the debugger: {theirs / ours:.1f} (at least 5)")
            failed |= theirs < 5 * ours
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
