"""Running the tests, one file after the other, and telling which step failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cbw_core.build.failure import failed_command, last_lines, prelude_for, short_command
from cbw_core.build.running import Shortener, how_it_ended
from cbw_core.build.writing import write_file
from cbw_core.config import Config
from cbw_core.errors import BuildError, Place, from_os_error
from cbw_core.events import LogLine, Note, Progress, Sink
from cbw_core.layout import Layout
from cbw_core.platforms import native_subdir
from cbw_core.process import Cancel, Finished
from cbw_core.process import run as run_process
from cbw_core.test.blame import Watcher, failed_step
from cbw_core.test.plan import TestPlan, TestStep
from cbw_core.test.preparing import commands

_HINT = (
    "`cbw shell --phase test` opens a shell in the test environment (there, `bash conda_test_runner.sh` runs all "
    "tests); `cbw rerun test` runs them again."
)


def run(
    plan: TestPlan,
    layout: Layout,
    config: Config,
    *,
    environ: Mapping[str, str],
    sink: Sink,
    cancel: Cancel | None = None,
    log: Path | None = None,
) -> None:
    """Run what `prepare` made ready: what conda_test_runner.sh runs, in the same order, with the same environment.

    Lines come as LogLine events (with $PREFIX and $SRC_DIR for the long paths), `log` gets them as written. Stops at
    the first failure. Raises BuildError(kind="test") that names the import, command or script, its place in the
    recipe, and why; Interrupted when cancelled.
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
    for number, (name, command) in enumerate(files.items()):
        sink(Progress("tests", number, len(files), "files", name))
        _run_file(plan, layout, name, command, environ, short, sink, cancel, log)
    if (layout.test_dir / "TEST_FAILED").exists():  # conda_build.build.test
        raise BuildError(
            f"the tests of {plan.name} failed: they left a file TEST_FAILED",
            kind="test",
            place=Place(str(layout.test_dir / "TEST_FAILED")),
            hint=_HINT,
        )
    sink(Progress("tests", len(files), len(files), "files", finished=True))


def _run_file(
    plan: TestPlan,
    layout: Layout,
    name: str,
    command: Sequence[str],
    environ: Mapping[str, str],
    short: Shortener,
    sink: Sink,
    cancel: Cancel | None,
    log: Path | None,
) -> None:
    file = layout.test_dir / name
    record = layout.private / "failed-commands"
    watcher = Watcher(file)

    def on_line(line: str) -> None:
        watcher(line)
        sink(LogLine(short(line), phase="test"))

    try:
        watch = _watch(file, record, layout) if name == "run_test.sh" else ()
    except OSError as error:
        raise from_os_error(error, "preparing the tests") from error
    base = {key: environ[key] for key in ("PATH", "HOME", "LANG", "LC_ALL") if environ.get(key)}
    enter = ["bash", "-o", "errexit", "-c", 'source "$0"; exec "$@"', str(layout.test_env_file)]
    done = run_process(
        [*enter, *watch, *command],
        cwd=layout.test_dir,
        env=base,
        on_line=on_line,
        log=log,
        cancel=cancel,
        pty=True,
    )
    if done.leftover:
        names = ", ".join(done.leftover)
        sink(Note(f"{name} left processes behind, which were ended: {names}", level="warning", phase="test"))
    if done.status:
        raise _failed(plan, layout, file, done, watcher, record, short)


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


def _failed(
    plan: TestPlan, layout: Layout, file: Path, done: Finished, watcher: Watcher, record: Path, short: Shortener
) -> BuildError:
    line, command = watcher.line, ""
    if file.suffix == ".sh":
        found = failed_command(record, done.status, done.tail, file)
        line = found.line if found and Path(found.file).name == file.name else None
        command = found.command if found else ""
    step, place = failed_step(plan, file, line, _recipe(plan))
    return BuildError(
        f"the tests of {plan.name} failed: {_name(step, file, command)}",
        kind="test",
        place=place,
        why=short(watcher.error) if watcher.error and file.suffix == ".py" else how_it_ended(done.status),
        hint=_HINT,
        details=short(last_lines(done.tail)) or None,
    )


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
