"""Small recipes for commands over the real engine, and what tests look at in a context."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cbw_core.events import PhaseStarted, Recorder
from cbw_workbench.commands import Context

Recipe = Callable[..., Path]
TINY = """
package:
  name: tiny
  version: "1.0"
build:
  noarch: generic
  script: echo making && mkdir -p $PREFIX/share && echo hi > $PREFIX/share/tiny.txt
test:
  commands:
    - test -f $PREFIX/share/tiny.txt
"""
SKIPPED = TINY.replace("noarch: generic", "skip: true").replace("tiny", "left-out")
FAILING = TINY.replace("echo making", "false").replace("tiny", "failing")
SLOW = TINY.replace("echo making", "echo holding && sleep 100").replace("tiny", "slow")
TWO = """
package:
  name: two
  version: "1.0"
outputs:
  - name: two-a
    build:
      noarch: generic
    script: build-a.sh
  - name: two-b
    build:
      noarch: generic
    script: build-b.sh
"""


def states(context: Context) -> dict[str, str]:
    assert context.session is not None
    return {p.phase.value: p.state.value for p in context.session.status().phases}


def phases_run(context: Context) -> list[str]:
    assert isinstance(context.sink, Recorder)
    found = [e.phase for e in context.sink.events if isinstance(e, PhaseStarted)]
    context.sink.events.clear()
    return found
