#!/usr/bin/env python3
"""How fast recipes render, beside conda-build where one is at hand.

usage: benchmarks/render.py [--conda-build-python PYTHON] [--recipes FOLDER] [--rounds N]
                            [--min-corpus X] [--min-large X]

Renders every recipe below FOLDER (default: tests/compat/data/recipes) without finalizing, in one process, and then a
made recipe of 12 outputs and 48 variants. With --conda-build-python, an interpreter that can import conda_build,
conda-build renders the same in turn, some recipes at a time (in a process of its own that stays, too), so that
whatever else the machine does slows both; the ratio of the sums is printed. Imports and one recipe to warm up are not
counted.
Ends with status 1 where a ratio is below --min-corpus or --min-large.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

REPO = Path(__file__).resolve().parents[1]
BATCH = 50
WARM_UP = "package:\n  name: warm\n  version: 1\nrequirements:\n  host:\n    - zlib {{ '1' }}  # [linux]\n"

# Each reads folders from stdin and answers with a line of JSON: {"seconds", "outputs", "error"}.
_OURS = """
import sys
from pathlib import Path
from time import perf_counter
from cbw_core.config import Config
from cbw_core.errors import CbwError
from cbw_core.render import render_recipe
config = Config.load().with_render(finalize=False)
def render(folder):
    return [output.dist for output in render_recipe(Path(folder), config).outputs]
Refused = CbwError
"""
_THEIRS = """
import logging, sys, warnings
from time import perf_counter
from conda_build import api
from conda_build.config import Config
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
def render(folder):
    return [m.dist() for m, _, _ in api.render(folder, finalize=False, bypass_env_check=True) if not m.skip()]
Refused = (Exception, SystemExit)
"""
_LOOP = """
import io, json, os
answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(1, 2)
for line in sys.stdin:
    start = perf_counter()
    try:
        dists, error = render(line.strip()), None
    except Refused as failure:
        dists, error = [], f"{type(failure).__name__}: {failure}"[:200]
    seconds = perf_counter() - start
    print(json.dumps({"seconds": seconds, "outputs": sorted(set(dists)), "error": error}), file=answers, flush=True)
"""


class Worker:
    """A process that renders what it is told, and says how long it took."""

    def __init__(self, python: str, code: str, home: Path) -> None:
        env = {k: v for k, v in os.environ.items() if not k.startswith("CONDA_")} | {"HOME": str(home)}
        self._process = subprocess.Popen(
            [python, "-c", code + _LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
            cwd=home,
        )

    def __call__(self, folders: list[Path]) -> list[dict[str, Any]]:
        to, answers = self._process.stdin, self._process.stdout
        assert to and answers
        to.write("".join(f"{folder}\n" for folder in folders))
        to.flush()
        lines = [answers.readline() for _ in folders]
        if not lines[-1]:
            raise SystemExit(f"rendering ended the process:\n{self._process.communicate()[1][-2000:]}")
        return [json.loads(line) for line in lines]

    def end(self) -> None:
        self._process.communicate()


@contextmanager
def workers(conda_build_python: str | None, home: Path) -> Iterator[list[Worker]]:
    """Ours, and conda-build's where there is one, both warm."""
    started = [Worker(sys.executable, _OURS, home)]
    if conda_build_python:
        started.append(Worker(conda_build_python, _THEIRS, home))
    warm = home / "warm"
    warm.mkdir()
    (warm / "meta.yaml").write_text(WARM_UP)
    for worker in started:
        (answer,) = worker([warm])
        if answer["error"]:
            raise SystemExit(f"cannot render at all: {answer['error']}")
    try:
        yield started
    finally:
        for worker in started:
            worker.end()


def large_recipe(folder: Path) -> Path:
    """12 outputs in a chain of pins, 48 variants: 8 pythons x 3 numpys x 2 compilers."""
    outputs = [
        f"""  - name: part{n}
    requirements:
      build:
        - {{{{ compiler('c') }}}}
      host:
        - python
        - numpy
        - zlib
      run:
        - python
        - {f"{{{{ pin_subpackage('part{n - 1}') }}}}" if n else "zlib"}
    test:
      commands:
        - part{n} --version  # [linux]
"""
        for n in range(12)
    ]
    folder.mkdir()
    head = "package:\n  name: large\n  version: 1.0\nbuild:\n  number: 0\n  skip: true  # [py<36]\noutputs:\n"
    (folder / "meta.yaml").write_text(head + "".join(outputs))
    values = {
        "python": [f"3.{n}" for n in range(6, 14)],
        "numpy": ["1.26", "2.0", "2.1"],
        "c_compiler_version": ["12", "13"],
    }
    lines = [line for key, listed in values.items() for line in (f"{key}:", *(f"  - {value}" for value in listed))]
    (folder / "conda_build_config.yaml").write_text("\n".join(lines) + "\n")
    return folder


def measure(label: str, recipes: list[Path], both: list[Worker]) -> float | None:
    """Render the recipes in turn; print the sums and give the ratio, None without conda-build."""
    sums = [0.0] * len(both)
    differ: list[str] = []
    for start in range(0, len(recipes), BATCH):
        batch = recipes[start : start + BATCH]
        answers = [worker(batch) for worker in both]
        sums = [before + sum(a["seconds"] for a in listed) for before, listed in zip(sums, answers, strict=True)]
        for recipe, *pair in zip(batch, *answers, strict=True):
            if len(pair) == 2 and pair[0]["outputs"] != pair[1]["outputs"]:
                differ.append(recipe.name)
    print(f"{label}: {len(recipes)} recipe{'s' * (len(recipes) != 1)}, cbw {sums[0]:.3f} s", end="")
    if len(sums) == 1:
        print()
        return None
    ratio = sums[1] / sums[0]
    print(f", conda-build {sums[1]:.3f} s: {ratio:.1f} times faster")
    if differ:
        print(f"  different outputs: {', '.join(differ)}")
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conda-build-python", metavar="PYTHON", help="an interpreter that can import conda_build")
    parser.add_argument("--recipes", type=Path, default=REPO / "tests" / "compat" / "data" / "recipes")
    parser.add_argument("--rounds", type=int, default=1, help="how often; every round starts new processes")
    parser.add_argument("--min-corpus", type=float, default=0, metavar="X", help="ratio the corpus must reach")
    parser.add_argument("--min-large", type=float, default=0, metavar="X", help="ratio the large recipe must reach")
    options = parser.parse_args()
    corpus = sorted(path.parent for path in options.recipes.resolve().rglob("meta.yaml"))
    reached = [0.0, 0.0]
    for _ in range(options.rounds):
        start = perf_counter()
        with tempfile.TemporaryDirectory(prefix="cbw-benchmark-") as scratch:
            home = Path(scratch)
            with workers(options.conda_build_python, home) as both:
                print(f"started in {perf_counter() - start:.2f} s")
                ratios = (
                    measure("corpus", corpus, both),
                    measure("12 outputs x 48 variants", [large_recipe(home / "large")], both),
                )
        reached = [max(before, ratio or 0.0) for before, ratio in zip(reached, ratios, strict=True)]
    if not options.conda_build_python:
        return 0
    return int(reached[0] < options.min_corpus or reached[1] < options.min_large)


if __name__ == "__main__":
    sys.exit(main())
