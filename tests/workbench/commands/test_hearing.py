"""What a phase tells is heard once: by the one who waits, else by the one who is called."""

from __future__ import annotations

import threading

from cbw_workbench.commands.hearing import Hearing


def test_what_is_told_to_one_who_waits_is_nobody_elses() -> None:
    called: list[str] = []
    hearing = Hearing(lambda: called.append("called"))
    with hearing.listening() as hear:
        threading.Thread(target=lambda: hearing.tell("ended")).start()
        assert hear() == "ended"
    assert called == []
    assert hearing.take() == ()


def test_what_nobody_waits_for_is_called_for_at_once() -> None:
    called = threading.Event()
    hearing = Hearing(called.set)
    hearing.tell("stopped")
    assert called.wait(20)
    assert hearing.take() == ("stopped",)


def test_what_was_told_to_one_who_went_away_is_called_for_then() -> None:
    called = threading.Event()
    hearing = Hearing(called.set)
    with hearing.listening(), hearing.listening():
        hearing.tell("ended")
        assert not called.is_set()
    assert called.wait(20)
    assert hearing.take() == ("ended",)


def test_stops_that_are_left_are_forgotten_and_an_end_is_not() -> None:
    hearing = Hearing()
    with hearing.listening():
        hearing.tell("stopped")
        hearing.tell("ended")
        hearing.forget_stops()
        assert hearing.take() == ("ended",)
