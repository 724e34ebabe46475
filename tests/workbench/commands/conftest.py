from __future__ import annotations

from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.events import Recorder
from cbw_core.process import Cancel
from cbw_workbench.commands import Context
from workbench.commands.engine_help import TINY, TWO, Recipe


@pytest.fixture
def context(config: Config, world: dict[str, str], tmp_path: Path) -> Context:
    return Context(config=config, sink=Recorder(), cancel=Cancel(), cwd=tmp_path, environ=world)


@pytest.fixture
def tiny(recipe: Recipe) -> Path:
    return recipe("tiny", TINY)


@pytest.fixture
def two(recipe: Recipe) -> Path:
    scripts = {f"build-{x}.sh": f"mkdir -p $PREFIX/share\necho {x} > $PREFIX/share/{x}\n" for x in "ab"}
    return recipe("two", TWO, **scripts)
