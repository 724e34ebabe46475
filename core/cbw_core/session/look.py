"""One look at the sessions of a recipe: nothing is read or worked out twice while it lasts."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cbw_core.render.output import Output
from cbw_core.session import rendering
from cbw_core.session.model import SessionStatus
from cbw_core.session.rendering import Rendering

if TYPE_CHECKING:
    from cbw_core.session.session import Session


class Look:
    """Sessions of a recipe's outputs and how they stand, as found at one time. head: the one that stands for the recipe
    (`Session.head`)."""

    def __init__(self, head: Session) -> None:
        self.head = head
        self._statuses: dict[str, SessionStatus] = {}

    @cached_property
    def rendering(self) -> Rendering:
        """The newest of the recipe."""
        return self.head.rendering

    @cached_property
    def members(self) -> tuple[Session, ...]:
        """The sessions there are: the head, and those made for other outputs."""
        return (self.head, *self.head.siblings())

    @cached_property
    def _places(self) -> dict[int, Session]:
        """Number of an output in the newest rendering -> its session."""
        found: dict[int, Session] = {}
        for member in self.members:
            place = self._place(member.output)
            if place is not None:
                found.setdefault(place, member)
        return found

    def _place(self, output: Output) -> int | None:
        """Which of the outputs of the newest rendering one is, that may come from an older one."""
        nearest = rendering.nearest(self.rendering, output)
        return next((n for n, one in enumerate(self.rendering.all) if one is nearest), None)

    def session_of(self, output: Output) -> Session | None:
        place = self._place(output)
        return None if place is None else self._places.get(place)

    def status(self, session: Session) -> SessionStatus:
        """How a session stands; itself it may look at others."""
        key = str(session.root)
        if key not in self._statuses:
            self._statuses[key] = session.status(self)
        return self._statuses[key]

    def group(self) -> tuple[SessionStatus, ...]:
        """The outputs in build order, the top level first where it has a session."""
        from cbw_core.session.store import not_made

        if self.head.is_package:
            return (self.status(self.head),)
        top = [self.status(m) for m in self.members if m.output.is_toplevel]
        rows = []
        for number, output in enumerate(self.rendering.outputs):
            found = self._places.get(number)
            rows.append(self.status(found) if found else not_made(self.head, output))
        return (*top, *rows)
