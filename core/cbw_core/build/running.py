"""Running the build script in the clean environment, and telling where it failed."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cbw_core.build import failure
from cbw_core.build.script import Script
from cbw_core.build.tracing import target_of
from cbw_core.build.variables import build_prefix, environment
from cbw_core.build.writing import write_file, write_scripts
from cbw_core.config import Config
from cbw_core.errors import BuildError, EnvironmentFailure, Place, RecipeError, from_os_error
from cbw_core.events import LogLine, Note, Sink, Used
from cbw_core.layout import Layout
from cbw_core.process import Cancel, Finished, run
from cbw_core.render.output import Output

if TYPE_CHECKING:
    from cbw_core.trace import Debugger, Run

_HINT = (
    "`cbw shell` opens a shell in the build environment (there, `bash conda_build.sh` runs the script); "
    "`cbw rerun build` runs it again."
)


def run_build(
    output: Output,
    layout: Layout,
    config: Config,
    *,
    environ: Mapping[str, str],
    sink: Sink,
    cancel: Cancel | None = None,
    log: Path | None = None,
    debugger: Debugger | None = None,
    render_again: Callable[[], Output] | None = None,
) -> None:
    """Run the output's script in the work folder: `bash -o errexit conda_build.sh`, as conda-build does.

    debugger: what stops it on its way (it may stand still inside this call); render_again gives the output as the
    recipe has it now, for a script that was edited in meta.yaml meanwhile.

    Its lines come as LogLine events in which the long prefixes read $PREFIX, $BUILD_PREFIX and $SRC_DIR; `log` gets
    them as written. Raises BuildError(kind="build") with the script's own file and line; Interrupted when cancelled;
    RecipeError when there is no script.
    """
    scripts = write_scripts(output, layout, config, environ=environ)
    if scripts.script is None or scripts.build_file is None:
        raise RecipeError(f"{output.name} has no build script", place=Place(output.recipe_file))
    env = environment(output, layout, config, environ=environ)
    del env["CONDA_BUILD"]  # so that the script sources build_env_setup.sh
    secrets = [env[name] for name in scripts.script.secrets if env.get(name)]
    short = Shortener(
        {"PREFIX": layout.host_prefix, "BUILD_PREFIX": build_prefix(output, layout), "SRC_DIR": layout.work}, secrets
    )
    for line in short.legend():
        sink(LogLine(line, phase="build"))
    record = layout.private / "failed-commands"
    line_of: Callable[[int], int | None] = lambda line: line - scripts.header_lines  # noqa: E731
    report = layout.private / "not-isolated"
    report.unlink(missing_ok=True)
    argv = ["bash", "-o", "errexit", str(scripts.build_file)]
    with _Log(log if secrets else None, short) as kept:  # what has secrets in it is not kept as it is

        def on_line(line: str) -> None:
            kept(line)
            sink(LogLine(short(line), phase="build"))

        def bash(extra: Mapping[str, str], traced: Run | None = None) -> Finished:
            return run(
                isolated(argv, report) if config.isolate else argv,
                cwd=layout.work,
                env={**env, **extra},
                on_line=on_line,
                log=None if secrets else log,
                cancel=cancel,
                pty=True,
                settling=traced.settling if traced is not None else None,
                unlogged=traced.unlogged if traced is not None else None,
            )

        script = scripts.script
        if debugger is not None and debugger.wants("build"):
            if not script.is_bash:
                by = Path(script.interpreter[0]).name
                sink(Note(f"{script.name} is run by {by}: it is one command, which is not stepped", phase="build"))
            target = target_of(scripts, output, layout, render_again)
            with debugger.tracing(target, layout.private / "trace", sink) as traced:
                kept.unlogged = traced.unlogged
                done = bash({"BASH_ENV": str(traced.prelude)}, traced)
                traced.status = done.status
            record, line_of = traced.failures, traced.text_line
            script = replace(script, text=traced.text) if script.is_bash else script
        else:
            try:
                watch = _watch(script, record, layout)
            except OSError as error:
                raise from_os_error(error, "preparing the build") from error
            done = bash(watch)
    sink(Used(done.cpu_user, done.cpu_sys, done.rss))
    if report.exists():
        raise _not_isolated(report)
    if done.leftover:
        names = ", ".join(done.leftover)
        sink(Note(f"the build script left processes behind, which were ended: {names}", level="warning", phase="build"))
    if done.status:
        raise _failed(output, layout, line_of, script, done, record, short)


def isolated(argv: Sequence[str], report: Path) -> list[str]:
    """A command line that runs `argv` without a network; what keeps it from that is written to `report`."""
    from cbw_core.build import _isolate

    if sys.platform != "linux":
        raise EnvironmentFailure(
            "a build can be cut off from the network on Linux only", kind="isolate", hint="Leave --isolate out."
        )
    # -I -S: nothing of the build's environment gets into this Python
    return [sys.executable, "-I", "-S", str(Path(_isolate.__file__).resolve()), str(report), *argv]


def _not_isolated(report: Path) -> EnvironmentFailure:
    return EnvironmentFailure(
        "the build cannot be cut off from the network here",
        kind="isolate",
        why=f"The kernel refuses: {report.read_text('utf-8')}.",
        hint="Allow user namespaces (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces), or leave "
        "--isolate out. Nothing was run.",
    )


class _Log:
    """The log of a script that was given secrets: its lines as they are shown, with their paths in full."""

    def __init__(self, file: Path | None, short: Shortener) -> None:
        self._file, self._short = file, short
        self._stream: IO[str] | None = None
        self.unlogged: Callable[[OSError], None] | None = None  # as `process.run` has it

    def __enter__(self) -> _Log:
        try:
            self._stream = self._file.open("a", encoding="utf-8", errors="replace") if self._file else None
        except OSError as error:
            raise from_os_error(error, "writing the log") from error
        return self

    def __call__(self, line: str) -> None:
        if self._stream is not None:
            try:
                self._stream.write(self._short.without_secrets(line) + "\n")
                self._stream.flush()
            except OSError as error:
                if self.unlogged is None:
                    raise from_os_error(error, "writing the log") from error
                self.unlogged(error)

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()


class Shortener:
    """Long paths as the names of their variables (conda-build's rewrite_stdout_env); secrets as stars."""

    def __init__(self, names: Mapping[str, Path], secrets: Sequence[str] = ()) -> None:
        self._names: dict[str, str] = {}
        hidden = [line for value in secrets for line in (value, *value.splitlines()) if line.strip()]
        self._secrets = re.compile("|".join(map(re.escape, sorted(hidden, key=len, reverse=True)))) if hidden else None
        for name, path in names.items():
            self._names.setdefault(str(path), name)  # the build prefix may be the host prefix
        self._pattern = re.compile("|".join(re.escape(path) for path in sorted(self._names, key=len, reverse=True)))

    def __call__(self, line: str) -> str:
        return self._pattern.sub(lambda found: f"${self._names[found[0]]}", self.without_secrets(line))

    def without_secrets(self, line: str) -> str:
        return self._secrets.sub("********", line) if self._secrets else line

    def legend(self) -> list[str]:
        """The lines that say what the names stand for."""
        return [f"export {name}={path}" for path, name in self._names.items()]


def _watch(script: Script, record: Path, layout: Layout) -> dict[str, str]:
    """Variables that have bash note which command fails."""
    layout.private.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    text = failure.prelude_for(script.text, record)
    if text is None:
        return {}
    prelude = layout.private / "prelude.sh"
    write_file(prelude, text, 0o600)
    return {"BASH_ENV": str(prelude)}


def _failed(
    output: Output,
    layout: Layout,
    line_of: Callable[[int], int | None],
    script: Script,
    done: Finished,
    record: Path,
    short: Shortener,
) -> BuildError:
    found = failure.failed_command(record, done.status, done.tail, layout.build_file)
    place = where = None
    what = f"exit status {done.status}"
    if found is not None and Path(found.file).name == layout.build_file.name:
        place = _place(script, found, line_of, done, layout)
        what = f"`{short(failure.short_command(found.command))}`"
    elif found is not None:
        place = Place(found.file, found.line, None, short.without_secrets(failure.short_command(found.command)))
        what = f"`{short(failure.short_command(found.command))}`"
        where = f"{Path(found.file).name}, line {found.line}"
    elif (line := _exit_line(script.text, done.status)) is not None:
        place = script.place(line)
        what = f"`exit {done.status}`"
    if place is None and script.file:
        place = Place(script.file)
    if where is None:
        where = f"{script.name}{f', line {place.line}' if place and place.line else ''}"
    return BuildError(
        f"the build of {output.name} failed: {what} in {where}",
        kind="build",
        place=place,
        why=how_it_ended(done.status),
        hint=_HINT,
        details=short(failure.last_lines(done.tail)) or None,
    )


def _place(
    script: Script,
    found: failure.FailedCommand,
    line_of: Callable[[int], int | None],
    done: Finished,
    layout: Layout,
) -> Place | None:
    if script.is_bash:
        return script.place(line_of(found.line) or 0, failure.short_command(found.command))
    if script.file is None or not script.text_is_file:
        return None
    line = failure.traceback_line(done.tail, layout.work / Path(script.file).name)
    return script.place(line) if line else Place(script.file)


def _exit_line(text: str, status: int) -> int | None:
    """The line of the one `exit STATUS` of a script."""
    pattern = re.compile(rf"(?:^|[;&|({{\s])exit\s+{status}\b")
    found = [number for number, line in enumerate(text.splitlines(), 1) if pattern.search(line.split(" #")[0])]
    return found[0] if len(found) == 1 else None


def how_it_ended(status: int) -> str:
    """What an exit status tells."""
    if status == 127:
        return "It ended with status 127: a command was not found."
    if status == 126:
        return "It ended with status 126: a command could not be run."
    if status > 128:
        import signal

        try:
            return f"It ended with status {status}: {signal.Signals(status - 128).name} ended a command."
        except ValueError:
            pass
    return f"It ended with status {status}."
