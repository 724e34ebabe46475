"""Running the tests, one file after the other, and telling which step failed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.build.failure import failed_command, last_lines, prelude_for, short_command
from cbw_core.build.running import Shortener, how_it_ended
from cbw_core.build.writing import write_file
from cbw_core.errors import BuildError, Place, RecipeError, UsageError, from_os_error
from cbw_core.events import LogLine, Note, Progress, Sink, Used
from cbw_core.layout import Layout
from cbw_core.platforms import native_subdir
from cbw_core.process import Cancel, Finished
from cbw_core.process import run as run_process
from cbw_core.test.blame import Watcher, failed_step
from cbw_core.test.plan import TestPlan, TestStep
from cbw_core.test.preparing import commands
from cbw_core.test.steps import StepScript, keep_outcomes, outcomes_of_run, step_scripts

if TYPE_CHECKING:
    from cbw_core.render.output import Output
    from cbw_core.trace import Debugger, Run, Target

_HINT = (
    "`cbw shell --phase test` opens a shell in the test environment (there, `bash conda_test_runner.sh` runs all "
    "tests); `cbw rerun test` runs them again."
)
_HINT_OF_STEP = (
    "`cbw test --shell {root}` opens a shell in the test environment, as `cbw shell --phase test` does; there, "
    "`{again}` is the test that failed. `cbw test --only {number} {root}` runs it again, alone."
)


def run(
    plan: TestPlan,
    layout: Layout,
    *,
    environ: Mapping[str, str],
    sink: Sink,
    cancel: Cancel | None = None,
    log: Path | None = None,
    only: Sequence[int] = (),
    debugger: Debugger | None = None,
    render_again: Callable[[], Output] | None = None,
) -> None:
    """Run what `prepare` made ready: what conda_test_runner.sh runs, in the same order, with the same environment.

    only: numbers (from 1) of the plan's steps to be run, each by itself; empty: all, file by file as the runner does.
    debugger: what stops run_test.sh on its way; render_again gives the output as the recipe has it now, for a script or
    commands that were edited there meanwhile. How each step ended is kept for `steps.outcomes`.

    Lines come as LogLine events (with $PREFIX and $SRC_DIR for the long paths), `log` gets them as written. Stops at
    the first failure. Raises BuildError(kind="test") that names the import, command or script, its place in the
    recipe, and why; UsageError for a number that no step has; Interrupted when cancelled.
    """
    files = commands(layout)
    if not files:
        sink(Note(f"nothing to test for {plan.dist}", phase="test"))
        return
    if plan.host_subdir not in ("", "noarch", native_subdir()):
        raise BuildError(
            f"the tests of a package for {plan.host_subdir} cannot be run on {native_subdir()}",
            kind="test",
            hint="Run them on such a machine with `cbw test PACKAGE`, or build with --no-test.",
        )
    short = Shortener({"PREFIX": layout.test_prefix, "SRC_DIR": layout.test_dir})
    for line in short.legend():
        sink(LogLine(line, phase="test"))
    runner = _Runner(plan, layout, environ, short, sink, cancel, log, debugger, render_again)
    if only:
        runner.steps(_chosen(plan, layout, only))
    else:
        runner.files(files)
    if (layout.test_dir / "TEST_FAILED").exists():  # conda_build.build.test
        raise BuildError(
            f"the tests of {plan.name} failed: they left a file TEST_FAILED",
            kind="test",
            place=Place(str(layout.test_dir / "TEST_FAILED")),
            hint=_HINT,
        )


def _chosen(plan: TestPlan, layout: Layout, numbers: Sequence[int]) -> list[StepScript]:
    scripts = step_scripts(plan, layout)
    wrong = [number for number in numbers if not 1 <= number <= len(scripts)]
    if wrong:
        raise UsageError(
            f"{plan.name} has no test {wrong[0]}",
            why=f"It has {len(scripts)}." if scripts else "It has none.",
            hint="`cbw test --list` shows them with their numbers.",
        )
    return [scripts[number - 1] for number in numbers]


@dataclass(frozen=True)
class _Runner:
    plan: TestPlan
    layout: Layout
    environ: Mapping[str, str]
    short: Shortener
    sink: Sink
    cancel: Cancel | None
    log: Path | None
    debugger: Debugger | None
    render_again: Callable[[], Output] | None

    def files(self, files: Mapping[str, Sequence[str]]) -> None:
        """All test files, up to the first that fails."""
        names = list(files)
        for number, (name, command) in enumerate(files.items()):
            self.sink(Progress("tests", number, len(files), "files", name))
            file = self.layout.test_dir / name
            ended = self.run(file, command)
            if ended.done.status:
                step, place = failed_step(self.plan, file, ended.line, _recipe(self.plan))
                found = outcomes_of_run(self.plan, names, step, name)
                keep_outcomes(self.plan, self.layout, found)
                raise self.failed(step, place, file, ended)
        keep_outcomes(self.plan, self.layout, outcomes_of_run(self.plan, names, None, ""))
        self.sink(Progress("tests", len(files), len(files), "files", finished=True))

    def steps(self, scripts: Sequence[StepScript]) -> None:
        """Single tests, up to the first that fails."""
        for done, script in enumerate(scripts):
            self.sink(Progress("tests", done, len(scripts), "steps", short_command(script.step.text)))
            ended = self.run(script.file, script.command)
            keep_outcomes(self.plan, self.layout, {script.number: "failed" if ended.done.status else "passed"})
            if ended.done.status:
                raise self.failed(script.step, _place_in(script, ended.line, _recipe(self.plan)), script.file, ended)
        self.sink(Progress("tests", len(scripts), len(scripts), "steps", finished=True))

    def run(self, file: Path, command: Sequence[str]) -> _Ended:
        """One test file, or a step's script, in the test folder and environment."""
        layout, sink = self.layout, self.sink
        record = layout.private / "failed-commands"
        watcher = Watcher(file)

        def on_line(line: str) -> None:
            watcher(line)
            sink(LogLine(self.short(line), phase="test"))

        base = {key: self.environ[key] for key in ("PATH", "HOME", "LANG", "LC_ALL") if self.environ.get(key)}
        enter = ["bash", "-o", "errexit", "-c", 'source "$0"; exec "$@"', str(layout.test_env_file)]

        def start(watch: Sequence[str], traced: Run | None = None) -> Finished:
            return run_process(
                [*enter, *watch, *command],
                cwd=layout.test_dir,
                env=base,
                on_line=on_line,
                log=self.log,
                cancel=self.cancel,
                pty=True,
                settling=traced.settling if traced is not None else None,
                unlogged=traced.unlogged if traced is not None else None,
            )

        line_of: Callable[[int], int | None] = lambda line: line  # noqa: E731
        watched = self.debugger if self.debugger is not None and self.debugger.wants("test") else None
        if watched is not None and file.suffix in (".sh", ".py"):
            from cbw_core.trace import PythonRun, Run

            kind = Run if file.suffix == ".sh" else PythonRun
            target = _target(file, layout, self.render_again)
            with watched.tracing(target, layout.private / "trace", sink, kind) as traced:
                done = start(traced.before, traced)
                traced.status = done.status
            record, line_of = traced.failures, traced.text_line
        else:
            if watched is not None:
                sink(Note(f"{file.name} is run by {Path(command[0]).name}: it is not stepped", phase="test"))
            try:
                watch = _watch(file, record, layout) if file.suffix == ".sh" else ()
            except OSError as error:
                raise from_os_error(error, "preparing the tests") from error
            done = start(watch)
        sink(Used(done.cpu_user, done.cpu_sys, done.rss))
        if done.leftover:
            names = ", ".join(done.leftover)
            sink(Note(f"{file.name} left processes behind, which were ended: {names}", level="warning", phase="test"))
        line, failed = watcher.line, ""
        if done.status and file.suffix == ".sh":
            found = failed_command(record, done.status, done.tail, file)
            line = line_of(found.line) if found and Path(found.file).name == file.name else None
            failed = found.command if found else ""
        return _Ended(done, line, failed, watcher.error if file.suffix == ".py" else "")

    def failed(self, step: TestStep | None, place: Place | None, file: Path, ended: _Ended) -> BuildError:
        return BuildError(
            f"the tests of {self.plan.name} failed: {_name(step, file, ended.command)}",
            kind="test",
            place=place,
            why=self.short(ended.error) if ended.error else how_it_ended(ended.done.status),
            hint=self.hint(step),
            details=self.short(last_lines(ended.done.tail)) or None,
        )

    def hint(self, step: TestStep | None) -> str:
        if step is None:
            return _HINT
        script = next(one for one in step_scripts(self.plan, self.layout) if one.step is step)
        return _HINT_OF_STEP.format(
            root=shlex.quote(str(self.layout.root)), number=script.number, again=shlex.join(script.command)
        )


@dataclass(frozen=True)
class _Ended:
    """How a test script ended. line, command: where and what failed in it; error: Python's last line about it."""

    done: Finished
    line: int | None
    command: str
    error: str


def _place_in(script: StepScript, line: int | None, recipe: Path | None) -> Place | None:
    """Where a single test failed: its place in the recipe, for the recipe's own script with the line."""
    own = script.step.kind.startswith("run_test")
    if own and line and recipe is not None and (recipe / script.step.text).is_file():
        return Place(str(recipe / script.step.text), line)
    return script.step.place or Place(str(script.file), line)


def _target(file: Path, layout: Layout, render_again: Callable[[], Output] | None) -> Target:
    """A test script for the debugger: a person edits the file in the test folder, or what the recipe has for it."""
    from cbw_core.package.testfiles import shell_test
    from cbw_core.trace import Target

    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise from_os_error(error, f"reading {file.name}") from error

    def now() -> str:
        assert render_again is not None
        made = shell_test(render_again())
        if made is None:
            raise RecipeError("the recipe has no run_test.sh and no test commands any more", kind="edit")
        return made

    def place(_text: str, line: int) -> Place:
        return Place(str(file), line)

    # the script of a single step is made of a line or two: no text of the recipe is all of it
    read = now if render_again is not None and file.name == "run_test.sh" else None
    return Target("test", file.name, file, 0, text, str(file), place, read, layout.test_prefix, layout.test_dir)


def _watch(file: Path, record: Path, layout: Layout) -> tuple[str, ...]:
    """What has bash note which command of a shell script fails."""
    layout.private.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    text = prelude_for(file.read_text(encoding="utf-8", errors="replace"), record)
    if text is None:
        return ()
    prelude = layout.private / "prelude.sh"
    write_file(prelude, text, 0o600)
    return ("env", f"BASH_ENV={prelude}")


def _recipe(plan: TestPlan) -> Path | None:
    """The recipe's folder: that of the first test script it has."""
    own = (step.place for step in plan.steps if step.kind.startswith("run_test") and step.place)
    return next((Path(place.file).parent for place in own), None)


def _name(step: TestStep | None, file: Path, command: str) -> str:
    if step is None:
        return f"`{short_command(command)}` in {file.name}" if command else file.name
    if step.kind == "imports":
        return f"import of {step.text}"
    if step.kind == "commands":
        return f"command `{short_command(step.text)}`"
    return f"{step.text}{f', at `{short_command(command)}`' if command else ''}"
