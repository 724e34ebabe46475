"""`cbw patch` on the command line and at the prompt."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.events import silent
from cbw_core.process import Cancel
from cbw_workbench.commands.command import Context
from cbw_workbench.commands.results import PatchReport
from cbw_workbench.commands.run import execute

PROGRAM = [sys.executable, "-c", "import sys; from cbw_workbench.cli.main import main; sys.exit(main(sys.argv[1:]))"]
META = "package:\n  name: tiny\n  version: '1'\nsource:\n  path: src\nbuild:\n  noarch: generic\n"


def tiny(recipe: Callable[..., Path]) -> Path:
    return recipe("tiny", META, **{"build.sh": 'cp a.txt "$PREFIX/"\n', "src/a.txt": "old\n"})


def last(text: str) -> Any:
    """The result: the last of the JSON lines."""
    return json.loads(text.splitlines()[-1])


def test_a_patch_made_refreshed_and_built_from_the_command_line(
    recipe: Callable[..., Path], world: dict[str, str], tmp_path: Path
) -> None:
    def cbw(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words], env=world, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
        )

    folder = tiny(recipe)
    work = Path(last(cbw("debug", "--json", "-O", str(folder)).stdout)["source_tree"])
    (work / "a.txt").write_text("new\n")
    made = last(cbw("patch", "new", "fix", "--json").stdout)
    assert made["changes"] == [{"file": "a.txt", "change": "changed"}] and made["written"]
    assert made["entered"] == f"{folder}/meta.yaml:7" and made["patch"] == f"{folder}/fix.patch"
    assert (folder / "meta.yaml").read_text() == META.replace("src\n", "src\n  patches:\n    - fix.patch\n")
    cbw("rewind", "source")
    cbw("run", "build")
    assert (work / "a.txt").read_text() == "new\n"
    (work / "a.txt").write_text("newest\n")
    assert "fix.patch" in cbw("patch", "refresh", "fix").stdout
    cbw("run", "build")
    assert (work / "a.txt").read_text() == "newest\n"


def test_it_is_a_command_of_the_prompt_and_says_what_it_lacks(
    recipe: Callable[..., Path], config: Config, world: dict[str, str]
) -> None:
    context = Context(config, silent, Cancel(), face="repl", environ=world)
    execute(["debug", "-O", str(tiny(recipe))], context)
    assert context.session is not None
    (context.session.layout.work / "b.txt").write_text("b\n")
    report = execute("patch new more", context).value
    assert isinstance(report, PatchReport) and report.patch.changes == (("b.txt", "new"),)
