"""The hash of the selected output: what is hashed, who uses it, where it comes from; against a package what differs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from cbw_workbench.commands.results import HashReport
from cbw_workbench.tui import keys
from cbw_workbench.tui.answers import hashes
from cbw_workbench.tui.answers.node import Node
from cbw_workbench.tui.screens.answer import AnswerScreen
from cbw_workbench.tui.state import WorkbenchState


class HashScreen(AnswerScreen):
    NAME = "hash"
    TITLE_IN_HEADER = "hash"
    BINDINGS = keys.bindings(NAME)
    ASKS = HashReport

    def line(self, state: WorkbenchState) -> str:
        row = state.row
        if row is None:
            return ""
        # all its variants: an edit of the recipe gives it another build string
        return shlex.join(["inspect", "hash-inputs", row.recipe, "-o", row.output.rpartition("-")[0] + "-*"])

    def subject(self, state: WorkbenchState) -> object:
        return state.row and (state.row.recipe, state.row.output, state.edited)

    def nodes(self, value: object) -> Sequence[Node]:
        assert isinstance(value, HashReport)
        row = self.state.row
        return hashes.nodes(value, row.output if row else "")

    def action_compare(self) -> None:
        """A prompt with the command; the package is to be named."""
        line = self.line(self.state)
        if line:
            self.open_prompt(":", line + " ")
