"""Recipes broken in every way: rendering gives outputs or says what is wrong; it runs no code, writes nothing, ends.

CBW_FUZZ=20000 tries as many.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from cbw_core.errors import CbwError, EnvironmentFailure
from cbw_core.inspect import explain
from cbw_core.render import Resolved, matching, render_recipe, to_yaml
from core.render.mutations import Mutated, mutated
from core.render.rendering_help import ENVIRON, config

EXAMPLES = int(os.environ.get("CBW_FUZZ", "40"))
# seconds of computing that one recipe may take
ENOUGH = 8
# what Python tells of code being run, files written, the world being asked (sys.addaudithook)
_RUNS = frozenset(["os.system", "os.exec", "os.posix_spawn", "os.fork", "pty.spawn", "ctypes.dlopen", "socket.connect"])
_WRITES = frozenset(
    ["os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod"]
)
# argv beginnings of the only programs that rendering may start
_OURS = (("git", "-c"), (sys.executable, "-I", "-S", "-c", matching.CHILD))
_watched: list[str] | None = None


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _watched is None:
        return
    if event in _RUNS or event in _WRITES:
        _watched.append(f"{event} {args!r}")
    elif event == "open" and not isinstance(args[0], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
        _watched.append(f"open for writing {args[0]!r}")
    elif event == "subprocess.Popen" and not any(tuple(args[1][: len(own)]) == own for own in _OURS):
        _watched.append(f"started {args[1]!r}")


@pytest.fixture(scope="module", autouse=True)
def _audited() -> None:
    sys.addaudithook(_hook)  # it cannot be taken away again; it is quiet while nothing is watched


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is done while inside that rendering must not do; more than ENOUGH seconds of computing is an error."""

    def hung(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"still computing after {ENOUGH} seconds")

    global _watched
    before = signal.signal(signal.SIGVTALRM, hung)
    signal.setitimer(signal.ITIMER_VIRTUAL, ENOUGH)
    _watched = done = []
    try:
        yield done
    finally:
        _watched = None
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Everything:
    """A channel that has every package, in one version; but none named like those that nobody has."""

    def solve(
        self, specs: Sequence[str], platform: str, *, env: str, siblings: Sequence[Resolved] = ()
    ) -> tuple[Resolved, ...]:
        names = sorted({spec.split()[0] for spec in specs if spec.split()})
        if "nothing" in names:
            raise EnvironmentFailure("nothing provides nothing", kind="solve")
        return tuple(Resolved(name, "1.2.3", "0", 0, platform) for name in names)

    def run_exports(self, packages: Sequence[Resolved]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        return {p.dist: {"weak": (f"{p.name} >=1",), "strong": ("strong",)} for p in packages}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    database=None,
)
@given(recipe=mutated())
def test_a_broken_recipe_is_rendered_or_refused(recipe: Mutated) -> None:
    with tempfile.TemporaryDirectory() as base:
        folder = recipe.write(Path(base) / "recipe")
        for resolver in (None, Everything()):
            settled = config(Path(base), no_code=True)
            with watched() as done:
                try:
                    rendered = render_recipe(folder, settled, resolver=resolver, environ=ENVIRON, trails=True)
                except CbwError as error:
                    told(error)
                else:
                    for output in rendered.outputs:
                        to_yaml(output)
                    explain(rendered, settled, environ=ENVIRON)
            assert done == []
        assert sorted(path.name for path in Path(base).rglob("*")) == sorted(["recipe", *recipe.files])


def told(error: CbwError) -> None:
    """An error says what is wrong, and where when it is the recipe's fault."""
    assert error.message
    assert error.exit_status in (2, 3), error.message
    assert error.kind != "bug"
    assert error.exit_status == 3 or error.place or error.kind == "variant", error.message
    # the words for what no rule foresaw
    assert not re.search(r"^\S+ cannot be rendered: \w+Error:", error.message), error.message
