"""The line that tells what runs and how far it is, or what is next."""

from __future__ import annotations

from textual.content import Content

from cbw_core.events import Progress, Stopped
from cbw_core.session.model import State
from cbw_workbench.tui.standing import words
from cbw_workbench.tui.state import WorkbenchState, duration
from cbw_workbench.tui.widgets.base import StateWidget

_BAR = 16


def amount(progress: Progress) -> str:
    """How far it is, with its unit: "34/120 files", "1.2/4.0 MB"."""
    total = progress.total
    if progress.unit == "bytes":
        done = f"{progress.done / 1e6:.1f}"
        return f"{done}/{total / 1e6:.1f} MB" if total else f"{done} MB"
    return f"{progress.done}/{total} {progress.unit}" if total else f"{progress.done} {progress.unit}"


def bar(progress: Progress, width: int = _BAR) -> Content:
    """A bar of `width` cells; no bar where the total is not known."""
    if not progress.total:
        return Content("")
    full = round(width * min(1.0, progress.done / progress.total))
    return Content.assemble(("━" * full, "$primary"), ("─" * (width - full), "$foreground 40%"))


def status_line(state: WorkbenchState, runs: str = "s") -> Content:
    """What runs, for how long, how far; else what went wrong or comes next. runs: the key that runs the next phase."""
    job = state.job
    if state.at is not None and job is not None and not job.cancelling:
        return _at_stop(state.at)
    if job is not None and (state.running or state.progress or job.long):
        return _at_work(state)
    if state.standing is not None:
        return _at_stop(state.standing)
    if state.notice:
        return Content.assemble((" ! ", "bold $text-warning"), state.notice)
    return _at_rest(state, runs)


def _at_work(state: WorkbenchState) -> Content:
    job, running, progress = state.job, state.running, state.progress
    assert job is not None
    since = running.since if running else job.since
    name = running.phase.value if running else job.line
    parts: list[Content | str | tuple[str, str]] = [
        (" ► ", "bold $text-accent"),
        (name, "bold"),
        (f" {duration(max(0.0, state.clock - since))}", "$foreground 62%"),
    ]
    if job.cancelling:
        parts.append(("  cancelling…", "$text-warning"))
    elif progress is not None:
        parts += ["  ", bar(progress), (f" {amount(progress)} ", "$foreground 62%"), f"{progress.task} "]
        parts.append((progress.item, "$foreground 62%"))
    elif state.under_way is not None:
        at = state.under_way
        parts.append((f"  {at.file.rpartition('/')[2]}:{at.line} ", "bold"))
        parts.append((f"for {duration(max(0.0, state.clock - at.since))}: ", "$foreground 62%"))
        parts.append(at.command.split("\n")[0])
    elif state.notice:
        parts.append((f"  {state.notice}", "$foreground 62%"))
    return Content.assemble(*parts)


def _at_stop(stop: Stopped) -> Content:
    style = "bold $text-error" if stop.reason in ("failure", "exit") else "bold $text-accent"
    where = f"{stop.file.rpartition('/')[2]}:{stop.line}"
    return Content.assemble(
        (f" {stop.phase} stands ", style), (where, "bold"), (f"  {words(stop)}: ", "$foreground 62%"),
        stop.command.split("\n")[0],
    )  # fmt: skip


def _at_rest(state: WorkbenchState, runs: str) -> Content:
    row = state.row
    if row is None:
        return Content.styled(" reading the session…", "$foreground 62%")
    broken = next((p for p in row.phases if p.state in (State.FAILED, State.INTERRUPTED)), None)
    if broken is not None:
        style = "bold $text-error" if broken.state is State.FAILED else "bold $text-warning"
        told = broken.error.get("message", "") if broken.error and broken.state is State.FAILED else ""
        return Content.assemble((f" {broken.phase} {broken.state} ", style), (str(told), ""))
    if row.next_phase is None:
        return Content.assemble((" ✓ ", "bold $text-success"), "all phases are done", ("  package ", "$foreground 62%"),
                                row.paths.get("package", "").rsplit("/", 1)[-1])  # fmt: skip
    return Content.assemble(
        (" next ", "$foreground 62%"), (row.next_phase.value, "bold"), (f"  {runs} runs it", "$foreground 62%")
    )


class StatusLine(StateWidget):
    """One line. runs: the screen's key that runs phases."""

    def __init__(self, runs: str = "s") -> None:
        super().__init__()
        self._runs = runs

    def picture(self, state: WorkbenchState) -> object:
        work = state.running or state.job
        told = duration(max(0.0, state.clock - work.since)) if work else ""
        going = (state.running, state.progress, state.under_way, told)
        return (state.job, state.at, state.notice, state.row, going)

    def render(self) -> Content:
        return status_line(self.state, self._runs).truncate(self.size.width, ellipsis=True)
