"""Who works on a session holds it; who comes second is refused, or waits."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cbw_core.errors import CbwError, UsageError
from cbw_core.session.disk import locks


def test_a_session_at_work_is_refused_and_free_again_afterwards(tmp_path: Path) -> None:
    with locks.held(tmp_path):
        assert locks.is_held(tmp_path)
        with pytest.raises(UsageError) as error, locks.held(tmp_path):
            pass
        assert error.value.kind == "session-busy"
    assert not locks.is_held(tmp_path)
    with locks.held(tmp_path):
        pass


def test_a_session_is_busy_when_one_of_its_other_outputs_is(tmp_path: Path) -> None:
    sibling = tmp_path / "outputs/01-lib"
    sibling.mkdir(parents=True)
    (sibling / "ledger.json").touch()
    locks.refuse_busy(tmp_path)
    with locks.held(sibling), pytest.raises(UsageError, match="at work"):
        locks.refuse_busy(tmp_path)


def test_who_comes_second_to_a_lock_of_a_moment_waits(tmp_path: Path) -> None:
    file, order, inside = tmp_path / "deep/lock", list[str](), threading.Event()

    def second() -> None:
        inside.set()
        with locks.waiting(file, "writing"):
            order.append("second")

    thread = threading.Thread(target=second)
    with locks.waiting(file, "writing"):
        thread.start()
        assert inside.wait(30)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


def test_a_lock_that_cannot_be_made_says_what_was_to_be_done(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CbwError, match="writing the list"), locks.waiting(tmp_path / "file/lock", "writing the list"):
        pass
