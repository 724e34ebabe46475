"""Words that only a session or a standing script knows, for completion: breakpoints, lines, variables, functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cbw_core.errors import CbwError

if TYPE_CHECKING:
    from cbw_core.session import Session
    from cbw_core.trace import FileMade
    from cbw_workbench.commands.held import Held

Word = tuple[str, str]

LIVE = frozenset({"breakpoint", "place", "line", "snapshot", "variable", "function", "made"})


def live_words(kind: str, held: Held | None, session: Session | None) -> tuple[Word, ...]:
    """(word, what it is) of a kind that a command's argument names in `complete`; nothing where nothing is known."""
    if held is None:
        return ()
    try:
        return tuple(_words(kind, held, session))
    except (CbwError, OSError):  # it went on meanwhile, or was never recorded
        return ()


def _words(kind: str, held: Held, session: Session | None) -> Iterator[Word]:
    debugger, run = held.debugger, held.debugger.run
    if kind == "breakpoint":
        yield from ((str(point.number), str(point)) for point in debugger.breakpoints)
    elif kind == "snapshot" and run is not None and run.snapshots is not None:
        yield from ((str(one.line), "") for one in run.snapshots.kept)
    elif kind == "made":
        so_far = debugger.so_far() if held.stop is not None else None
        files = so_far.files if so_far is not None else _kept_files(session)
        yield from ((one.path.removeprefix("$PREFIX/"), f"line {one.line}") for one in files)
    elif kind == "place":
        yield from (("cmd", "a command"), ("file", "below the prefix"), ("var", "a variable"), ("fail", "on or off"))
        if held.stop is not None:
            yield from _words("function", held, session)
            yield from _words("line", held, session)
        elif session is not None:
            yield from ((f"{name}:", "") for name in _scripts(session))
    elif held.stop is None or run is None:
        return
    elif kind == "variable":
        yield from ((variable.name, "") for variable in debugger.variables())
    elif kind == "function":
        yield from ((one.name, f"{one.file}:{one.line}") for one in debugger.function_places())
    elif kind == "line":
        from cbw_core.trace.commands import statements

        lines = run.text.splitlines()
        yield from ((str(n), lines[n - 1].strip()) for n in sorted({first for first, _ in statements(run.text)}))


def _kept_files(session: Session | None) -> tuple[FileMade, ...]:
    from cbw_core.session import timeline_of

    return timeline_of(session).files if session is not None else ()


def _scripts(session: Session) -> list[str]:
    from pathlib import Path

    recipe = Path(session.recipe)
    folder = recipe if recipe.is_dir() else recipe.parent
    return sorted(file.name for file in folder.glob("*.sh"))
