"""The benchmarks start: none is hidden by another one's name, or by a name of Python's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.py")))
def test_a_benchmark_says_what_it_measures(name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / name), "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0 and f"usage: {name}" in done.stdout, done.stderr
