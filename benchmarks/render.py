#!/usr/bin/env python3
"""How fast recipes render, beside conda-build where one is at hand.

usage: benchmarks/render.py [--conda-build-python PYTHON] [--recipes FOLDER] [--rounds N]
                            [--min-corpus X] [--min-large X]

Renders every recipe below FOLDER (default: tests/compat/data/recipes) without finalizing, in one process, and then a
made recipe of 12 outputs and 48 variants. With --conda-build-python, an interpreter that can import conda_build,
conda-build renders the same recipes in turn, some at a time (in a process of its own that stays, too), so that
whatever else the machine does slows both.
Every round starts new processes, so that no recipe is rendered twice in one; of each recipe's times over the rounds the
shortest counts, on both sides. Not counted are starting, imports, and one recipe to warm up that uses what recipes use.
Ends with status 1 where a ratio is below --min-corpus or --min-large.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder: its inspect.py and trace.py are not Python's own

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

REPO = Path(__file__).resolve().parents[1]
BATCH = 50
WARM_UP = """\
{% set version = "1.0" %}
package:
  name: warm
  version: {{ version }}
build:
  number: 1
  skip: true  # [win]
requirements:
  host:
    - python
    - numpy
  run:
    - python
    - {{ pin_compatible('numpy', max_pin='x.x') }}
outputs:
  - name: libwarm
    build:
      run_exports:
        - {{ pin_subpackage('libwarm', max_pin='x') }}
    requirements:
      build:
        - {{ compiler('c') }}
      host:
        - zlib  # [linux]
  - name: warm
    requirements:
      run:
        - {{ pin_subpackage('libwarm', exact=True) }}
    test:
      commands:
        - warm --version
"""
WARM_UP_VARIANTS = "python:\n  - '3.11'\n  - '3.12'\nzlib:\n  - '1.2'\n"

# Each reads folders from stdin and answers with a line of JSON: {"seconds", "cpu", "outputs", "error"}.
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
import io, json, os, resource
answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(1, 2)
def cpu():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)
for line in sys.stdin:
    start, cpu_start = perf_counter(), cpu()
    try:
        dists, error = render(line.strip()), None
    except Refused as failure:
        dists, error = [], f"{type(failure).__name__}: {failure}"[:200]
    seconds, used = perf_counter() - start, cpu() - cpu_start
    answer = {"seconds": seconds, "cpu": used, "outputs": sorted(set(dists)), "error": error}
    print(json.dumps(answer), file=answers, flush=True)
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

    def __call__(self, folders: Sequence[Path]) -> list[dict[str, Any]]:
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
    (warm / "conda_build_config.yaml").write_text(WARM_UP_VARIANTS)
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


@dataclass
class Times:
    """The shortest times of each recipe, cbw's and conda-build's, by the clock and of the processor, and the recipes
    whose outputs differ."""

    clock: dict[Path, tuple[float, ...]] = field(default_factory=dict)
    cpu: dict[Path, tuple[float, ...]] = field(default_factory=dict)
    differ: dict[str, None] = field(default_factory=dict)

    def take(self, recipe: Path, answers: Sequence[dict[str, Any]]) -> None:
        for best, key in ((self.clock, "seconds"), (self.cpu, "cpu")):
            seconds = tuple(answer[key] for answer in answers)
            best[recipe] = tuple(map(min, seconds, best.get(recipe, seconds)))
        if any(answer["outputs"] != answers[0]["outputs"] for answer in answers):
            self.differ[recipe.name] = None

    def ratio(self, label: str) -> float:
        """Print the sums, and give how many times faster cbw is by the clock; 0 without conda-build."""
        print(f"{label}: {len(self.clock)} recipe{'s' * (len(self.clock) != 1)}")
        ratios: list[float] = []
        for what, best in (("by the clock", self.clock), ("of the processor", self.cpu)):
            ours, *theirs = (sum(column) for column in zip(*best.values(), strict=True))
            ratios += [seconds / ours for seconds in theirs]
            beside = f", conda-build {theirs[0]:.3f} s: {ratios[-1]:.1f} times faster" if theirs else ""
            print(f"  {what}: cbw {ours:.3f} s{beside}")
        if self.differ:
            print(f"  different outputs: {', '.join(self.differ)}")
        return ratios[0] if ratios else 0.0


def one_round(conda_build_python: str | None, home: Path, batches: Sequence[Sequence[Path]]) -> Iterator[Any]:
    """(recipe, answers) of every recipe, from processes of its own."""
    home.mkdir()
    start = perf_counter()
    with workers(conda_build_python, home) as both:
        print(f"started in {perf_counter() - start:.2f} s", flush=True)
        for batch in batches:
            answers = [worker(batch) for worker in both]
            yield from zip(batch, zip(*answers, strict=True), strict=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conda-build-python", metavar="PYTHON", help="an interpreter that can import conda_build")
    parser.add_argument("--recipes", type=Path, default=REPO / "tests" / "compat" / "data" / "recipes")
    parser.add_argument("--rounds", type=int, default=3, help="how often (default: 3)")
    parser.add_argument("--min-corpus", type=float, default=0, metavar="X", help="ratio the corpus must reach")
    parser.add_argument("--min-large", type=float, default=0, metavar="X", help="ratio the large recipe must reach")
    options = parser.parse_args()
    corpus = sorted(path.parent for path in options.recipes.resolve().rglob("meta.yaml"))
    small, big = Times(), Times()
    with tempfile.TemporaryDirectory(prefix="cbw-benchmark-") as scratch:
        large = large_recipe(Path(scratch) / "large")
        batches = [*(corpus[start : start + BATCH] for start in range(0, len(corpus), BATCH)), [large]]
        for number in range(options.rounds):
            home = Path(scratch) / f"round{number}"
            for recipe, answers in one_round(options.conda_build_python, home, batches):
                (big if recipe == large else small).take(recipe, answers)
    reached = (small.ratio("corpus"), big.ratio("12 outputs x 48 variants"))
    if not options.conda_build_python:
        return 0
    return int(reached[0] < options.min_corpus or reached[1] < options.min_large)


if __name__ == "__main__":
    sys.exit(main())
