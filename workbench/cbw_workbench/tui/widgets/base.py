"""What every widget that shows the state has in common."""

from __future__ import annotations

from textual.reactive import reactive
from textual.widget import Widget

from cbw_workbench.tui.state import WorkbenchState


class StateWidget(Widget):
    """A widget bound to the screen's state. It is drawn anew when its `picture` changes, not with every log line."""

    state: reactive[WorkbenchState] = reactive(WorkbenchState(), repaint=False, init=False)

    def picture(self, state: WorkbenchState) -> object:
        """What of the state the widget shows; compared, not drawn."""
        raise NotImplementedError

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        """The picture is another one."""
        self.refresh(layout=self.styles.is_auto_height)

    def watch_state(self, old: WorkbenchState, new: WorkbenchState) -> None:
        if self.picture(old) != self.picture(new):
            self.changed(old, new)
