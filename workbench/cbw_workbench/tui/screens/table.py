"""The screens that a key goes to, in order. A new one is a file beside this and a line here."""

from __future__ import annotations

from dataclasses import dataclass

from cbw_workbench.tui.screens.base import WorkbenchScreen
from cbw_workbench.tui.screens.main import MainScreen


@dataclass(frozen=True)
class Entry:
    """`key` goes to the screen from every other one; `title` names it in the palette."""

    key: str
    title: str
    screen: type[WorkbenchScreen]

    @property
    def name(self) -> str:
        return self.screen.NAME


TABLE: tuple[Entry, ...] = (Entry("f2", "Session", MainScreen),)
