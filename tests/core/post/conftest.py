"""A build that has just ended, for post-processing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from support.built import Built, new_build, snapshot


@pytest.fixture
def built(tmp_path: Path) -> Built:
    return new_build(tmp_path)


@pytest.fixture
def meta_yaml(built: Built) -> Callable[[str], None]:
    """Write the recipe's meta.yaml: only its lines are looked at."""

    def write(text: str) -> None:
        (built.recipe / "meta.yaml").write_text(text)

    return write


@pytest.fixture
def python(built: Built) -> Path:
    """The host prefix's python: ours, by a link."""
    built.link("bin/python", str(getattr(sys, "_base_executable", sys.executable)))
    built.owned["bin/python"] = f"python-{sys.version_info[0]}.{sys.version_info[1]}-0"
    return built.prefix / "bin/python"


@pytest.fixture
def tree(built: Built) -> Callable[[], Mapping[str, tuple[int, bytes | str]]]:
    return lambda: snapshot(built.prefix)
