"""Why the script stands, and the calls that led there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.content import Content

from cbw_core.trace.model import FAILED
from cbw_workbench.tui.look import CURSOR, entitle
from cbw_workbench.tui.messages import OpenPlace
from cbw_workbench.tui.standing import words
from cbw_workbench.tui.state import WorkbenchState
from cbw_workbench.tui.widgets.rows import RowsView

_HEAD = 1  # rows above the frames
_NOTHING = ("nothing stands", "b  stop at a line", "r  run up to a phase;", "   what fails stops there")


class StackView(RowsView):
    """Arrows go through the calls; the source shows the one chosen."""

    frame = 0

    def picture(self, state: WorkbenchState) -> object:
        return (state.at, state.busy, state.looked.serial, state.looked.frames, state.looked.cwd)

    def changed(self, old: WorkbenchState, new: WorkbenchState) -> None:
        if new.standing is not None and old.standing != new.standing:
            self.frame = 0
        super().changed(old, new)
        self.go(_HEAD + self.frame)

    def rows(self, state: WorkbenchState) -> Sequence[Content]:
        stop, looked = state.at, state.looked
        if stop is None:
            entitle(self, subtitle="")
            told = ("it runs",) if state.busy else _NOTHING
            return [Content.styled(text, "$foreground 62%") for text in told]
        style = "bold $text-error" if stop.reason in FAILED else "bold $text-accent"
        where = f"  in a subshell ({stop.subshell})" if stop.subshell else ""
        found = [Content.assemble((words(stop), style), (where, "$foreground 62%"))]
        if looked.serial != stop.serial:
            return (*found, *(Content("") for _ in range(len(self._rows) - 1)))  # as high as before: nothing jumps
        for number, frame in enumerate(looked.frames):
            mark = (CURSOR if number == self.frame else " ", "$primary")
            place = f"{Path(frame.file).name}:{frame.line}"
            found.append(Content.assemble(mark, (frame.function, "bold"), (f"  {place}", "$foreground 62%")))
        entitle(self, subtitle=f"in {_short(looked.cwd, state)}")
        return found

    def action_move(self, by: int) -> None:
        self.go(max(_HEAD, self.at + by))
        self.chosen(self.at)

    def chosen(self, row: int) -> None:
        frames = self.state.looked.frames
        if self.state.standing is None or not 0 <= row - _HEAD < len(frames):
            return
        self.frame = row - _HEAD
        self.draw_rows()
        self.post_message(OpenPlace(frames[self.frame].file, frames[self.frame].line))


def _short(folder: str, state: WorkbenchState) -> str:
    """A folder from the work folder or the prefix on."""
    paths = state.row.paths if state.row else {}
    for name, key in (("$SRC_DIR", "work"), ("$PREFIX", "host_prefix")):
        root = paths.get(key)
        if root and (folder == root or folder.startswith(f"{root}/")):
            return name + folder[len(root) :]
    return folder
