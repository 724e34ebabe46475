"""Each test as a script of its own, to be run alone; and how each ended when it was run last."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cbw_core.build.writing import write_file
from cbw_core.layout import Layout
from cbw_core.test.blame import own_lines
from cbw_core.test.plan import RUNNERS, TestPlan, TestStep

Outcome = Literal["passed", "failed", "not run"]

_IMPORT = {
    "py": 'print("import: {name!r}")\nimport {name}\n',
    "r": 'print("library({name!r})")\nlibrary({name})\n',
    "lua": 'print("require \\"{name}\\"\\n");\nrequire "{name}"\n',
}


@dataclass(frozen=True)
class StepScript:
    """A test as a script. number: from 1, as `TestPlan.steps` has them; command: what runs it, in the test folder with
    conda_test_env_vars.sh sourced."""

    number: int
    step: TestStep
    file: Path
    command: tuple[str, ...]


def runner(layout: Layout, file: Path) -> tuple[str, ...]:
    """The command that runs a test file, by its suffix (conda_build.build._write_test_run_script)."""
    suffix = file.suffix.removeprefix(".")
    program = RUNNERS[suffix][1]
    options = {"py": ("-s",), "sh": ("-e",)}.get(suffix, ())
    return (program if suffix == "sh" else str(layout.test_prefix / program), *options, str(file))


def folder(layout: Layout) -> Path:
    """Where the scripts of single tests are, and how each ended."""
    return layout.private / "tests"


def step_scripts(plan: TestPlan, layout: Layout) -> tuple[StepScript, ...]:
    """The scripts that `write_step_scripts` wrote, in order."""
    found = []
    for number, step in enumerate(plan.steps, 1):
        file = folder(layout) / f"{number}{Path(step.file).suffix}"
        found.append(StepScript(number, step, file, runner(layout, file)))
    return tuple(found)


def write_step_scripts(plan: TestPlan, layout: Layout) -> None:
    """Write each test of a plan as a script beside the test folder, whose files `prepare` has written.

    What one command leaves to the next (variables, the current folder) is not there when it runs alone.
    """
    shutil.rmtree(folder(layout), ignore_errors=True)
    folder(layout).mkdir(parents=True)
    for script in step_scripts(plan, layout):
        write_file(script.file, _text(plan, script.step, layout), 0o600)


def _text(plan: TestPlan, step: TestStep, layout: Layout) -> str:
    suffix = Path(step.file).suffix.removeprefix(".")
    if step.kind == "commands":
        return f"set -ex\n\n{step.text}\n"
    if step.kind == "imports":
        if suffix == "pl":
            from cbw_core.package.testfiles import perl_imports

            return perl_imports(plan.version, (step.text,))
        return _IMPORT[suffix].format(name=step.text)
    lines = (layout.test_dir / step.file).read_text(encoding="utf-8", errors="replace").splitlines()
    first, last = own_lines(lines, f".{suffix}")
    return "\n".join([*lines[first - 1 : last], ""])


def outcomes(plan: TestPlan, layout: Layout) -> tuple[Outcome, ...]:
    """How each test of a plan ended when it was run last. One that was changed since has not been run."""
    known = _read(layout)
    return tuple(known.get(key, "not run") for key in _keys(plan))


def keep_outcomes(plan: TestPlan, layout: Layout, changes: Mapping[int, Outcome]) -> None:
    """Note how tests ended, by number. The others stay as they are known."""
    known, keys = _read(layout), _keys(plan)
    known |= {keys[number - 1]: outcome for number, outcome in changes.items()}
    layout.private.mkdir(parents=True, exist_ok=True)
    write_file(_record(layout), json.dumps(known), 0o600)


def outcomes_of_run(plan: TestPlan, files: Sequence[str], failed: TestStep | None, where: str) -> dict[int, Outcome]:
    """Number -> outcome, after a run of test files in order that ended in the file `where` (empty: in none), with
    `failed` as the test to blame where it is known."""
    found: dict[int, Outcome] = {}
    ended = files.index(where) if where else len(files)
    over = False
    for number, step in enumerate(plan.steps, 1):
        at = files.index(step.file) if step.file in files else len(files)
        if at < ended:
            found[number] = "passed"
        elif step is failed:
            found[number], over = "failed", True
        else:
            found[number] = "passed" if at == ended and failed is not None and not over else "not run"
    return found


def _keys(plan: TestPlan) -> list[str]:
    """What a test is known by from run to run: what it does, and which of those that do the same it is."""
    texts = [f"{step.kind}\n{step.file}\n{step.text}" for step in plan.steps]
    return [f"{text}\n{texts[:at].count(text)}" for at, text in enumerate(texts)]


def _record(layout: Layout) -> Path:
    return layout.private / "test-outcomes.json"


def _read(layout: Layout) -> dict[str, Outcome]:
    try:
        found = json.loads(_record(layout).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet; it is a memory aid, and made anew by the next run
        return {}
    return dict(found) if isinstance(found, dict) else {}
