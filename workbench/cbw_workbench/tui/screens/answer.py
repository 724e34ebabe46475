"""A screen that asks a command and shows its newest answer as a tree, beside the text that its lines lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import ClassVar

from rich.text import Text
from textual.containers import Container
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cbw_core.errors import Place
from cbw_workbench.tui.answers.node import Node
from cbw_workbench.tui.messages import OpenPlace, RunLine
from cbw_workbench.tui.screens.base import WorkbenchScreen
from cbw_workbench.tui.state import ErrorView, Ran, WorkbenchState, answer
from cbw_workbench.tui.widgets.place_tree import PlaceTree
from cbw_workbench.tui.widgets.source_pane import SourcePane


class AnswerScreen(WorkbenchScreen):
    """Asks when it is come to, and again when what it asked about has changed while it is in front.

    A kind of it sets `ASKS` (the type of the answer), and says with `line` what to ask, with `subject` what that
    depends on and with `nodes` what of the answer is shown. The same command typed at the prompt, with other arguments,
    shows here too.
    """

    ASKS: ClassVar[type]
    NOTHING: ClassVar[str] = "nothing to ask about"

    asked: reactive[object] = reactive(None, repaint=False, init=False)

    def line(self, state: WorkbenchState) -> str:
        """The command line that answers for what is selected; "" when there is nothing to ask about."""
        raise NotImplementedError

    def subject(self, state: WorkbenchState) -> object:
        """What the answer depends on; compared, not shown."""
        raise NotImplementedError

    def nodes(self, value: object) -> Sequence[Node]:
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        yield Container(
            PlaceTree(id="answer", classes="pane"),
            SourcePane(id="source-pane", classes="pane").data_bind(WorkbenchScreen.state),
            id="answers",
        )

    @property
    def answer(self) -> PlaceTree:
        return self.query_one(PlaceTree)

    @property
    def sources(self) -> SourcePane:
        return self.query_one(SourcePane)

    def on_mount(self) -> None:
        self.answer.border_title = self.TITLE_IN_HEADER
        self.answer.focus()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._ask(self.state)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        ran = self._newest(new)
        if ran is not None and ran is not self._newest(old):
            self._show(ran)
        if self.is_current:
            self._ask(new)

    def _newest(self, state: WorkbenchState) -> Ran | None:
        return answer(state, self.ASKS, self.line(state))

    def _ask(self, state: WorkbenchState) -> None:
        line, subject = self.line(state), self.subject(state)
        if state.busy or subject == self.asked:
            return
        self.asked = subject
        if line:
            self.answer.border_subtitle = "asking…"
            self.post_message(RunLine(line))
        else:
            self.answer.show([Node(Text(part, "dim")) for part in wrap(self.NOTHING, self._width)])

    def action_ask_again(self) -> None:
        self.asked = None
        self._ask(self.state)

    def show_again(self, told: str = "") -> None:
        """The newest answer once more, shown in another way; `told` is said in the pane's border."""
        ran = self._newest(self.state)
        if ran is not None:
            self._show(ran)
        self.answer.border_subtitle = told or None

    def _show(self, ran: Ran) -> None:
        self.answer.border_subtitle = None
        self.answer.border_title = Content(ran.line)
        self.answer.show(self._failure(ran.error) if ran.error is not None else self.nodes(ran.value))

    @property
    def _width(self) -> int:
        """Cells that a line of the tree has."""
        return max(20, self.answer.size.width - 4)

    def _failure(self, error: ErrorView) -> tuple[Node, ...]:
        """The message, the place and the next step, in lines that fit."""
        place = Place(error.file, error.line, error.column) if error.file else None
        said = ((error.message, "bold red"), (error.where, ""), (error.why, "dim"), (error.hint, "green"))
        return tuple(Node(Text(line, style), place) for text, style in said for line in wrap(text, self._width))

    def on_open_place(self, message: OpenPlace) -> None:
        message.stop()
        self.sources.open(message.file, message.line)
        self.sources.border_title = Content(self.sources.tabs[self.sources.tab])

    def search(self, text: str, *, done: bool) -> None:
        count = self.answer.search(text)
        if done:
            self.answer.focus()
            if text and not count:
                self.notify(f"{text!r} is not there", severity="warning")
