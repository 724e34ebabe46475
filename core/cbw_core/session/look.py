"""One look at the sessions of a recipe: nothing is read or worked out twice while it lasts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Generic, TypeVar

from cbw_core.render.output import Output
from cbw_core.session import rendering
from cbw_core.session.folder import SessionFolder
from cbw_core.session.model import PHASES, Phase, PhaseStatus, SessionStatus, State
from cbw_core.session.rendering import Rendering

S = TypeVar("S", bound=SessionFolder)


class Members(Generic[S]):
    """The sessions of a recipe's outputs, as found at one time. head: the one that stands for the recipe
    (`SessionFolder.head`)."""

    def __init__(self, head: S) -> None:
        self.head = head

    @cached_property
    def rendering(self) -> Rendering:
        """The newest of the recipe."""
        return self.head.rendering

    @cached_property
    def members(self) -> tuple[S, ...]:
        """The sessions there are: the head, and those made for other outputs."""
        return (self.head, *self.head.siblings())

    @cached_property
    def by_place(self) -> dict[int, S]:
        """Number of an output in the newest rendering -> its session."""
        found: dict[int, S] = {}
        for member in self.members:
            place = self._place(member.output)
            if place is not None:
                found.setdefault(place, member)
        return found

    def _place(self, output: Output) -> int | None:
        """Which of the outputs of the newest rendering one is, that may come from an older one."""
        nearest = rendering.nearest(self.rendering, output)
        return next((n for n, one in enumerate(self.rendering.all) if one is nearest), None)

    def session_of(self, output: Output) -> S | None:
        place = self._place(output)
        return None if place is None else self.by_place.get(place)


class Look(Members[SessionFolder]):
    """The same, and how they stand. status_of: works that out, with this look at the others."""

    def __init__(self, head: SessionFolder, status_of: Callable[[SessionFolder, Look], SessionStatus]) -> None:
        super().__init__(head)
        self._status_of = status_of
        self._statuses: dict[str, SessionStatus] = {}

    def status(self, session: SessionFolder) -> SessionStatus:
        """How a session stands; itself it may look at others."""
        key = str(session.root)
        if key not in self._statuses:
            self._statuses[key] = self._status_of(session, self)
        return self._statuses[key]

    def group(self) -> tuple[SessionStatus, ...]:
        """The outputs in build order, the top level first where it has a session."""
        if self.head.is_package:
            return (self.status(self.head),)
        top = [self.status(m) for m in self.members if m.output.is_toplevel]
        rows = []
        for number, output in enumerate(self.rendering.outputs):
            found = self.by_place.get(number)
            rows.append(self.status(found) if found else _not_made(self.head, output))
        return (*top, *rows)


def _not_made(head: SessionFolder, output: Output) -> SessionStatus:
    """How an output stands that has no session yet."""
    phases = tuple(PhaseStatus(p, State.DONE if p is Phase.RENDER else State.PENDING) for p in PHASES)
    variant = {k: output.variant.get(k) for k in output.used_vars}
    return SessionStatus("", str(head.recipe), output.dist, phases, {}, head.config.channels, variant)
