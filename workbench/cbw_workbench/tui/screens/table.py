"""The screens, in order. A new one is a file beside this, a line here and a line in keys.py."""

from __future__ import annotations

from dataclasses import dataclass

from cbw_workbench.tui.screens.base import WorkbenchScreen
from cbw_workbench.tui.screens.hash import HashScreen
from cbw_workbench.tui.screens.linkages import LinkagesScreen
from cbw_workbench.tui.screens.main import MainScreen
from cbw_workbench.tui.screens.script import ScriptScreen


@dataclass(frozen=True)
class Entry:
    """`title` names it in the palette."""

    title: str
    screen: type[WorkbenchScreen]

    @property
    def name(self) -> str:
        return self.screen.NAME


TABLE: tuple[Entry, ...] = (
    Entry("Session", MainScreen),
    Entry("Hash", HashScreen),
    Entry("Linkages", LinkagesScreen),
    Entry("Script", ScriptScreen),
)
