"""The runner without a screen."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.message import Message

from cbw_core.errors import BuildError, UsageError
from cbw_core.events import LogLine, silent
from cbw_core.process import Cancel
from cbw_core.session.model import State
from cbw_workbench.commands import Context
from cbw_workbench.tui.messages import EventsWaiting, GroupRead, JobEnded, LogRead
from cbw_workbench.tui.state import LogKey
from cbw_workbench.tui.worker import Runner


class Post:
    """Where the runner's messages go."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._came = threading.Condition()

    def __call__(self, message: Message) -> None:
        with self._came:
            self.messages.append(message)
            self._came.notify_all()

    def wait(self, kind: type[Message], count: int = 1) -> Message:
        def there() -> list[Message]:
            return [m for m in self.messages if isinstance(m, kind)]

        with self._came:
            assert self._came.wait_for(lambda: len(there()) >= count, 20), self.messages
            return there()[count - 1]


class Desk:
    def ask(self, title: str, entries: tuple[str, ...]) -> int | None:
        return None

    def run_in_terminal(self, function: Callable[[], int]) -> int:
        return function()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def runner(session, post: Post) -> Runner:  # type: ignore[no-untyped-def]
    context = Context(config=session.config, sink=silent, cancel=Cancel())
    return Runner(context, session, post, Desk())


def test_command_runs_and_its_result_is_told(runner: Runner, post: Post, session) -> None:  # type: ignore[no-untyped-def]
    runner.start("step")
    ran = post.wait(JobEnded).ran  # type: ignore[attr-defined]
    assert (ran.line, ran.status, ran.error) == ("step", 0, None)
    assert session.calls == ["step"]


def test_failure_is_told_with_its_exit_status(runner: Runner, post: Post, session) -> None:  # type: ignore[no-untyped-def]
    def fail(*_: object) -> None:
        raise BuildError("no", hint="try")

    session.work = fail
    runner.start("run test")
    ran = post.wait(JobEnded).ran  # type: ignore[attr-defined]
    assert (ran.status, ran.error.message, ran.error.phase) == (1, "no", "source")


def test_bug_is_told_as_one_and_nothing_is_stuck(
    runner: Runner, post: Post, session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    session.work = fail
    runner.start("step")
    ran = post.wait(JobEnded).ran  # type: ignore[attr-defined]
    assert (ran.error.kind, ran.status) == ("bug", 70)
    assert "ZeroDivisionError" in ran.error.message
    assert not runner.busy and runner.idle


def test_second_command_that_runs_phases_is_refused_and_a_short_one_is_not(
    runner: Runner, post: Post, session, waits
) -> None:  # type: ignore[no-untyped-def]
    session.work = waits
    runner.start("step")
    assert waits.began.wait(20)
    with pytest.raises(UsageError, match="has to wait"):
        runner.start("run test")
    runner.start("help")
    assert post.wait(JobEnded).ran.line == "help"  # type: ignore[attr-defined]
    waits.go.set()
    assert post.wait(JobEnded, 2).ran.line == "step"  # type: ignore[attr-defined]


def test_line_that_is_no_command_is_refused(runner: Runner) -> None:
    with pytest.raises(UsageError, match="there is no command 'stpe'"):
        runner.start("stpe")


def test_cancel_interrupts_and_the_next_command_has_a_fresh_one(runner: Runner, post: Post, session, waits) -> None:  # type: ignore[no-untyped-def]
    session.work = waits
    runner.start("step")
    assert waits.began.wait(20)
    assert runner.cancel()
    assert post.wait(JobEnded).ran.status == 130  # type: ignore[attr-defined]
    assert session.status()["source"].state is State.INTERRUPTED
    runner.start("step")
    assert post.wait(JobEnded, 2).ran.status == 0  # type: ignore[attr-defined]


def test_events_are_kept_in_order_and_told_once(runner: Runner, post: Post) -> None:
    sink = runner.context.sink
    for number in range(1000):
        sink(LogLine(str(number)))
    assert len(post.messages) == 1 and isinstance(post.messages[0], EventsWaiting)
    assert [e.text for e in runner.drain()] == [str(n) for n in range(1000)]  # type: ignore[union-attr]
    sink(LogLine("more"))
    assert len(post.messages) == 2


def test_group_and_logs_are_read_aside(runner: Runner, post: Post, session, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    runner.refresh()
    told = post.wait(GroupRead)
    assert [row.output for row in told.rows] == ["zoo-1.0-0"]  # type: ignore[attr-defined]
    (tmp_path / "a.log").write_text("x\n")
    runner.read_log(LogKey("s", "env"), str(tmp_path / "a.log"))
    assert post.wait(LogRead).lines == ("x",)  # type: ignore[attr-defined]


def test_session_that_is_gone_is_told_not_raised(runner: Runner, post: Post, session) -> None:  # type: ignore[no-untyped-def]
    def gone() -> None:
        raise UsageError("it is no session any more")

    session.group = gone
    runner.refresh()
    assert post.wait(GroupRead).problem == "it is no session any more"  # type: ignore[attr-defined]


def test_quit_asks_to_leave_with_its_status(runner: Runner, post: Post) -> None:
    runner.start("quit 3")
    assert post.wait(JobEnded).leave == 3  # type: ignore[attr-defined]


def test_nothing_is_told_after_it_is_closed(runner: Runner, post: Post) -> None:
    runner.close()
    runner.context.sink(LogLine("late"))
    assert post.messages == []


def test_how_a_command_ended_is_kept_for_asserts(runner: Runner, post: Post, session) -> None:  # type: ignore[no-untyped-def]
    session.work = lambda phase, sink, cancel: sink(LogLine("the cat is fed"))
    runner.start("step")
    post.wait(JobEnded)
    for number, line in enumerate(("assert output cat is fed", "assert status 0"), 2):
        runner.start(line)
        assert post.wait(JobEnded, number).ran.error is None, line  # type: ignore[attr-defined]
    runner.start("assert output dog")
    assert post.wait(JobEnded, 4).ran.status != 0  # type: ignore[attr-defined]


def test_json_is_given_where_it_is_asked_for(runner: Runner, post: Post) -> None:
    runner.start("config --json")
    assert json.loads(post.wait(JobEnded).ran.value.text)["channels"] == ["host"]  # type: ignore[attr-defined]
