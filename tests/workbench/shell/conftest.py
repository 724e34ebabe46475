from __future__ import annotations

from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.events import Recorder
from cbw_core.process import Cancel
from cbw_workbench.commands import Context


@pytest.fixture
def context(config: Config, world: dict[str, str], tmp_path: Path) -> Context:
    return Context(config=config, sink=Recorder(), cancel=Cancel(), cwd=tmp_path, environ=world)
