"""How much memory a tree of processes has."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from cbw_core.process.memory import Look, Watch, can_look, peak

MB = 1_000_000
pytestmark = pytest.mark.skipif(not can_look(), reason="/proc does not tell here")

# at each line it reads it holds as many MB, and says so
HOLDS = """
import sys
for line in sys.stdin:
    held = None
    held = bytearray(int(line) * 10**6)
    print(line, end="", flush=True)
"""


class Holder:
    def __init__(self, prefix: list[str]) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def hold(self, size: int) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(size, file=self.process.stdin, flush=True)
        assert int(self.process.stdout.readline()) == size

    def end(self) -> None:
        self.process.communicate("")


@pytest.fixture
def holder() -> Iterator[Holder]:
    # a shell that stays the parent
    one = Holder(["bash", "-c", '"$@"; true', "bash"])
    yield one
    one.end()


def test_the_tree_is_summed_and_a_peak_between_two_looks_counts_once(holder: Holder) -> None:
    watch = Watch()
    holder.hold(0)
    little = watch.look(holder.process.pid)
    assert 0 < little < 60 * MB
    holder.hold(100)
    assert 100 * MB < watch.look(holder.process.pid) < 160 * MB
    holder.hold(150)
    holder.hold(0)
    assert 150 * MB < watch.look(holder.process.pid) < 210 * MB
    assert watch.look(holder.process.pid) < 60 * MB


def test_a_process_that_is_gone_has_none(holder: Holder) -> None:
    holder.end()
    assert Watch().look(holder.process.pid) == 0


def test_a_watch_looks_until_it_is_stopped_and_not_while_it_rests(holder: Holder) -> None:
    watch = Watch()
    holder.hold(50)
    watch.rest(True)
    watch.start(holder.process.pid)
    assert not watch.looks
    watch.rest(False)
    while not watch.looks:
        time.sleep(0.01)
    watch.stop()
    assert all(look.bytes > 50 * MB for look in watch.looks)
    known = watch.looks
    watch.start(os.getpid())
    assert watch.looks == known


def test_a_watch_ends_with_its_process(holder: Holder) -> None:
    watch = Watch()
    watch.start(holder.process.pid)
    holder.end()
    assert watch._thread is not None
    watch._thread.join(20)
    assert not watch._thread.is_alive()


def test_the_peak_between_two_times() -> None:
    looks = [Look(1.0, 5), Look(2.0, 9), Look(3.0, 7)]
    assert [peak(looks, *times) for times in ((0, 1), (1.5, 3), (2.5, 3), (2.1, 2.9), (4, 9))] == [5, 9, 7, None, None]
