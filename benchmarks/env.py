"""How long the env phase takes: again on an unchanged session, and made anew from the cache after `rewind`.

    python benchmarks/env.py [RECIPE] [-c CHANNEL] [--profile]

The best of several runs of each, in this process, and of the program `cbw` started anew. The recipe is the bsdiff4
example unless one is given (its sources: recipes-examples/fetch.py). Ends with status 1 when one is over its bound.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder: its inspect.py and trace.py are not Python's own

import argparse
import cProfile
import os
import pstats
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cbw_core.config import Config
from cbw_core.session import Phase, Session, choose, create, open_session, plan

ROOT = Path(__file__).resolve().parent.parent
AGAIN, ANEW = 0.150, 1.0  # seconds


def best(times: int, work: Callable[[], object], before: Callable[[], object] = lambda: None) -> tuple[float, float]:
    """Seconds by the clock, and of processor time (ours and our children's), the least of each."""
    found, spent = [], []
    for _ in range(times):
        before()
        used, begun = sum(os.times()[:4]), time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
        spent.append(sum(os.times()[:4]) - used)
    return min(found), min(spent)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", type=Path, default=ROOT / "recipes-examples" / "bsdiff4")
    parser.add_argument("-c", "--channel", action="append")
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as croot:
        config = Config.load(croot=croot, channels=tuple(args.channel or ["host"]), override_channels=True)
        made = plan(args.recipe, config)
        session = create(made, choose(made, None), config)
        session.run(Phase.ENV)
        root, output = session.root, session.output

        def fresh() -> Session:
            return open_session(root)

        def run() -> object:
            return fresh().run(Phase.ENV)

        def rerun() -> object:
            return fresh().rerun(Phase.ENV)

        def rewind() -> None:
            fresh().rewind(Phase.ENV)

        program = [str(Path(sys.executable).parent / "cbw"), "run", "env", "-q", "--session", str(root)]

        def cli() -> object:
            return subprocess.run(program, check=True, capture_output=True, env={**os.environ})

        figures = {
            "run env, nothing changed": (best(9, run), AGAIN),
            "rerun env, nothing changed": (best(7, rerun), AGAIN),
            "run env after rewind": (best(5, run, rewind), ANEW),
            "cbw run env, nothing changed (the program)": (best(7, cli), None),
            "cbw run env after rewind (the program)": (best(5, cli, rewind), None),
        }
        if args.profile:
            for name, work in (("rerun", rerun), ("after rewind", run)):
                if name == "after rewind":
                    rewind()
                with cProfile.Profile() as profile:
                    work()
                print(f"-- {name}")
                pstats.Stats(profile).sort_stats("cumulative").print_stats(35)
    print(f"{output.dist}: {sum(len(rows) for rows in output.solved.values())} packages in the environments")
    for label, ((seconds, spent), bound) in figures.items():
        told = f"  (bound {bound * 1000:.0f})" if bound else ""
        print(f"  {label:45} {seconds * 1000:7.0f} ms, {spent * 1000:5.0f} ms of processor time{told}")
    return int(any(bound is not None and seconds > bound for (seconds, _), bound in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
