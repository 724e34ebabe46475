"""The state goes on by pure functions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cbw_core.errors import BuildError, Place
from cbw_core.events import LogLine, Note, PhaseEnded, PhaseStarted, Progress
from cbw_core.session.model import PHASES, Phase, PhaseStatus, SessionStatus, State
from cbw_workbench.tui.marks import marks
from cbw_workbench.tui.state import (
    COMMAND_LOG,
    Cursor,
    Job,
    LogKey,
    Ran,
    WorkbenchState,
    cancelling,
    duration,
    ended,
    error_view,
    happened,
    log_key,
    seconds_of,
    select,
    shown_error,
    started,
    with_rows,
)

JOB = Job(1, "run test", True, 10.0)


def row(output: str, root: str = "", **states: State) -> SessionStatus:
    phases = tuple(PhaseStatus(p, states.get(p.value, State.PENDING)) for p in PHASES)
    return SessionStatus(root or f"/s/{output}", "/recipes/zoo", output, phases, {})


def two() -> WorkbenchState:
    return with_rows(WorkbenchState(), [row("liba"), row("pya")], "/s/liba")


def failed(message: str = "cc failed", file: str | None = None, line: int | None = None) -> PhaseEnded:
    error = BuildError(message, place=Place(file, line) if file else None).to_json()
    return PhaseEnded("build", "liba", "failed", 2.0, "/s/liba", error)


def test_first_look_goes_to_the_current_session_and_its_next_phase() -> None:
    rows = [row("liba"), row("pya", render=State.DONE, source=State.DONE)]
    assert with_rows(WorkbenchState(), rows, "/s/pya").cursor == Cursor(1, Phase.ENV)


def test_first_look_at_a_broken_session_goes_to_what_failed() -> None:
    state = with_rows(WorkbenchState(), [row("a", render=State.DONE, build=State.FAILED)], "/s/a")
    assert state.cursor.phase is Phase.BUILD


def test_cursor_stays_with_its_output_when_rows_move() -> None:
    state = select(two(), 1, Phase.TEST)
    state = with_rows(state, [row("top"), row("liba"), row("pya")], "/s/liba")
    assert state.cursor == Cursor(2, Phase.TEST)


def test_cursor_goes_to_another_session_when_that_becomes_the_current_one() -> None:
    assert with_rows(select(two(), 0, Phase.TEST), [row("liba"), row("pya")], "/s/pya").cursor.row == 1


def test_cursor_follows_phases_as_they_start() -> None:
    state = started(two(), JOB)
    state = happened(state, [PhaseStarted("build", "pya", "/s/pya")], 11.0)
    assert state.cursor == Cursor(1, Phase.BUILD)
    assert state.rows[1][Phase.BUILD].state is State.RUNNING
    assert state.running is not None and state.running.phase is Phase.BUILD


def test_cursor_comes_back_from_an_output_that_was_built_on_the_way() -> None:
    state = started(select(two(), 1, Phase.ENV), JOB)
    state = happened(state, [PhaseStarted("build", "liba", "/s/liba")], 11.0)
    assert state.cursor.row == 0
    rows = [row("TOPLEVEL"), row("liba"), row("pya", render=State.DONE)]
    state = ended(with_rows(state, rows, "/s/liba"), Ran(1, "step", 1.0, long=True))
    assert state.cursor == Cursor(2, Phase.SOURCE)


def test_cursor_stays_at_the_output_whose_failure_ended_the_command() -> None:
    state = started(select(two(), 1, Phase.ENV), JOB)
    state = happened(state, [PhaseStarted("build", "liba", "/s/liba"), failed()], 11.0)
    state = ended(state, Ran(1, "step", 1.0, status=1, long=True, error=error_view(BuildError("no").to_json())))
    assert state.cursor == Cursor(0, Phase.BUILD)


def test_cursor_stays_where_a_person_put_it_until_the_next_command() -> None:
    state = select(started(two(), JOB), 0, Phase.TEST)
    state = happened(state, [PhaseStarted("build", "liba", "/s/liba")], 11.0)
    assert state.cursor == Cursor(0, Phase.TEST)
    state = started(ended(state, Ran(1, "run test", 1.0, long=True)), replace(JOB, number=2))
    assert happened(state, [PhaseStarted("post", "liba", "/s/liba")], 12.0).cursor.phase is Phase.POST


@pytest.mark.parametrize("new", [State.DONE, State.FAILED, State.INTERRUPTED])
def test_phase_that_ends_takes_its_state_and_seconds(new: State) -> None:
    state = happened(started(two(), JOB), [PhaseStarted("env", "liba", "/s/liba")], 11.0)
    state = happened(state, [PhaseEnded("env", "liba", new.value, 3.5, "/s/liba")], 14.5)
    assert (state.rows[0][Phase.ENV].state, state.rows[0][Phase.ENV].seconds) == (new, 3.5)
    assert state.running is None


def test_session_made_while_running_is_known_by_its_root_afterwards() -> None:
    unmade = replace(row("pya"), root="")
    state = with_rows(WorkbenchState(), [row("liba"), unmade], "/s/liba")
    state = happened(started(state, JOB), [PhaseStarted("source", "pya", "/s/new")], 11.0)
    assert state.rows[1].root == "/s/new"
    assert log_key(state) == LogKey("/s/new", "source")


def test_running_phase_stays_running_while_the_ledger_is_behind() -> None:
    state = happened(started(two(), JOB), [PhaseStarted("env", "liba", "/s/liba")], 11.0)
    state = with_rows(state, [row("liba"), row("pya")], "/s/liba")
    assert state.rows[0][Phase.ENV].state is State.RUNNING


def test_running_phase_shows_seconds_so_far() -> None:
    state = happened(started(two(), JOB), [PhaseStarted("env", "liba", "/s/liba")], 11.0)
    state = replace(state, clock=15.0)
    assert seconds_of(state, state.rows[0], Phase.ENV) == 4.0
    assert seconds_of(state, state.rows[1], Phase.ENV) is None


def test_progress_is_shown_until_it_is_finished() -> None:
    state = happened(two(), [Progress("downloading", 1, 4)], 1.0)
    assert state.progress == Progress("downloading", 1, 4)
    assert happened(state, [Progress("downloading", 4, 4, finished=True)], 1.0).progress is None


def test_log_lines_are_counted() -> None:
    assert happened(two(), [LogLine("a"), LogLine("b")], 1.0).revision == 2


def test_line_outside_any_phase_shows_the_commands_own_log() -> None:
    state = happened(started(two(), JOB), [LogLine("hello")], 1.0)
    assert log_key(state) == COMMAND_LOG
    assert log_key(select(state, 0, Phase.ENV)) == LogKey("/s/liba", "env")


def test_line_within_a_phase_does_not() -> None:
    state = happened(started(two(), JOB), [PhaseStarted("env", "liba", "/s/liba"), LogLine("hello")], 1.0)
    assert log_key(state) == LogKey("/s/liba", "env")


def test_warning_is_noticed_and_information_is_not() -> None:
    assert happened(two(), [Note("look", "warning")], 1.0).notice == "look"
    assert happened(two(), [Note("by the way")], 1.0).notice == ""


def test_cancelling_marks_what_runs_phases() -> None:
    assert cancelling(started(two(), JOB)).jobs[0].cancelling


def test_short_command_leaves_a_running_one_running() -> None:
    state = started(started(two(), JOB), Job(2, "status", False, 11.0))
    state = ended(state, Ran(2, "status", 0.1))
    assert state.busy and state.jobs == (JOB,)


def test_error_shown_is_that_of_the_selected_phase() -> None:
    state = happened(started(two(), JOB), [PhaseStarted("build", "liba", "/s/liba"), failed()], 12.0)
    assert shown_error(state).message == "cc failed"  # type: ignore[union-attr]
    assert shown_error(select(state, 0, Phase.ENV)) is None


def test_error_of_a_mistyped_command_is_shown_until_one_moves_on() -> None:
    state = ended(two(), Ran(1, "stpe", 0.0, 2, error=error_view({"message": "there is no command 'stpe'"})))
    assert shown_error(state).message == "there is no command 'stpe'"  # type: ignore[union-attr]
    assert shown_error(select(state, 0, Phase.ENV)) is None


def test_line_to_blame_is_marked_in_its_file() -> None:
    events = [PhaseStarted("build", "liba", "/s/liba"), failed(file="build.sh", line=3)]
    state = happened(started(two(), JOB), events, 12.0)
    assert [(m.file, m.line, m.kind) for m in marks(state)] == [("/recipes/zoo/build.sh", 3, "error")]


def test_error_told_twice_is_marked_once() -> None:
    events = [PhaseStarted("build", "liba", "/s/liba"), failed(file="/x/build.sh", line=3)]
    state = happened(started(two(), JOB), events, 12.0)
    state = ended(state, Ran(1, "step", 1.0, 1, True, error=error_view(failed(file="/x/build.sh", line=3).error or {})))
    assert len(marks(state)) == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.04, "0.0s"), (9.94, "9.9s"), (9.96, "10s"), (59.6, "1m00s"), (185, "3m05s"), (7620, "2h07m")],
)
def test_durations_stay_short(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
