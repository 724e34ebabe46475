"""The linkages of the selected output: from a file to its libraries, their packages and the recipe's line."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from textual.reactive import reactive

from cbw_core.session.model import Phase, State
from cbw_workbench.commands.results import LinkageReport
from cbw_workbench.tui import keys
from cbw_workbench.tui.answers import linkages
from cbw_workbench.tui.answers.node import Node
from cbw_workbench.tui.screens.answer import AnswerScreen
from cbw_workbench.tui.screens.ask import Choose
from cbw_workbench.tui.state import WorkbenchState, recipe_folder


class LinkagesScreen(AnswerScreen):
    """Checks again by itself when build or post has run again."""

    NAME = "linkages"
    TITLE_IN_HEADER = "linkages"
    BINDINGS = keys.bindings(NAME)
    ASKS = LinkageReport
    NOTHING = "nothing is built yet: r 5 runs up to post, and then linkages are looked at here"

    only: reactive[str] = reactive("", repaint=False, init=False)

    def line(self, state: WorkbenchState) -> str:
        row = state.row
        if row is None or not row.root or row[Phase.BUILD].state not in (State.DONE, State.STALE):
            return ""
        return shlex.join(["inspect", "linkages", row.root])

    def subject(self, state: WorkbenchState) -> object:
        row = state.row
        return row and (row.root, *((row[p].state, row[p].started) for p in (Phase.BUILD, Phase.POST)))

    def nodes(self, value: object) -> Sequence[Node]:
        assert isinstance(value, LinkageReport)
        row = self.state.row
        return linkages.nodes(value, self.only, str(recipe_folder(row)) if row else "")

    def action_filter(self) -> None:
        """Choose the verdict to see."""
        entries = ("everything", *linkages.FILTERS[1:])

        def chosen(index: int | None) -> None:
            if index is not None:
                self.only = linkages.FILTERS[index]

        self.app.push_screen(Choose("show", entries, linkages.FILTERS.index(self.only)), chosen)

    def action_findings(self) -> None:
        """Only what is wrong, and all again."""
        self.only = "" if self.only else linkages.FINDINGS

    def watch_only(self) -> None:
        self.show_again(self.only)
