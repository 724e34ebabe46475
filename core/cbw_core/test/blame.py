"""From a failed test run to the step that failed."""

from __future__ import annotations

import re
from pathlib import Path

from cbw_core.build.failure import plain
from cbw_core.errors import Place
from cbw_core.test.plan import TestPlan, TestStep

# What stands between a recipe's run_test.sh and its commands (conda_build.create_test.create_shell_files)
COMMANDS = "\n\nset -ex\n\n\n\n"
_MARK = re.compile(r"^(?:#|--)  ?--- (?P<name>.+) \((?P<which>begin|end)\) ---$")


class Watcher:
    """Reads the output of a test script as it comes, and keeps the last line of it that an error names."""

    def __init__(self, file: Path) -> None:
        name = re.escape(str(file))
        self._pattern = re.compile(rf'File "{name}", line (\d+)|at {name} line (\d+)|{name}:(\d+):')
        self.line: int | None = None
        self.error = ""

    def __call__(self, line: str) -> None:
        text = plain(line)
        if found := self._pattern.search(text):
            self.line = int(next(group for group in found.groups() if group))
        if re.match(r"[\w.]*(?:Error|Exception|Exit)\b", text):
            self.error = text


def failed_step(plan: TestPlan, file: Path, line: int | None, recipe: Path | None) -> tuple[TestStep | None, Place]:
    """The step that line `line` of a generated test file stands for, and its place in what a person edits.

    recipe: the folder whose files the generated one was made from; None when only the package is there.
    """
    steps = [step for step in plan.steps if step.file == file.name]
    own = next((step for step in steps if step.kind.startswith("run_test")), None)
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if line else []
    text = lines[line - 1].strip() if line and line <= len(lines) else None
    here = Place(str(file), line, None, text)
    if line is None:
        only = steps[0] if len(steps) == 1 else None
        return only, (only and only.place) or here
    first, last = own_lines(lines, file.suffix)
    if own is not None and first <= line <= last:
        if recipe is None or not (recipe / own.text).is_file():
            return own, here
        return own, Place(str(recipe / own.text), line - first + 1, None, text)
    listed = [step for step in steps if step is not own]
    step = _command(listed, lines, line, last) if file.suffix == ".sh" else _import(listed, lines[last:line])
    return step, (step and step.place) or here


def own_lines(lines: list[str], suffix: str) -> tuple[int, int]:
    """First and last line of a generated test file that come from the recipe's own script; (1, 0) when none do."""
    if suffix == ".sh":
        text = "\n".join(lines) + "\n"
        own, commands, _ = text.rpartition(COMMANDS)
        return (1, own.count("\n") + 1) if commands else (1, len(lines))
    marks = {found["which"]: n for n, line in enumerate(lines, 1) if (found := _MARK.match(line))}
    if "begin" in marks:
        return marks["begin"] + 1, marks.get("end", len(lines) + 1) - 1
    imports_only = any(line.startswith("print(") for line in lines)
    return (1, 0) if imports_only else (1, len(lines))


def _command(steps: list[TestStep], lines: list[str], line: int, last: int) -> TestStep | None:
    """Each command takes the lines it has itself, in their order, behind the four of COMMANDS."""
    at = last + COMMANDS.count("\n")
    for step in steps:
        while at <= len(lines) and step.text.split("\n")[0] != lines[at - 1]:
            at += 1
        end = at + step.text.rstrip("\n").count("\n")
        if at <= line <= end:
            return step
        at = end + 1
    return None


def _import(steps: list[TestStep], lines: list[str]) -> TestStep | None:
    """The one named last, up to the line of the error: an import is followed by lines about its version."""
    for line in reversed(lines):
        named = [step for step in steps if step.text in line]
        if named:
            return max(named, key=lambda step: len(step.text))
    return None
