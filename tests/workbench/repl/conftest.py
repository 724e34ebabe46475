from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.events import silent
from cbw_core.process import Cancel
from cbw_workbench.commands import Context
from cbw_workbench.repl import run_repl


@pytest.fixture
def context(config: Config, world: dict[str, str], tmp_path: Path) -> Context:
    return Context(config=config, sink=silent, cancel=Cancel(), cwd=tmp_path, environ=world)


@pytest.fixture
def script(context: Context, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """script(text, strict=False) -> (exit status, what it printed)."""

    def run(text: str, *, strict: bool = False) -> tuple[int, str]:
        file = tmp_path / "steps.cbw"
        file.write_text(text)
        capsys.readouterr()
        status = run_repl(context, script=str(file), strict=strict)
        return status, capsys.readouterr().out

    return run
