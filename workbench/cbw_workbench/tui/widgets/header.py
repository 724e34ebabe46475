"""The line above: what is worked on, for which variant, from which channels."""

from __future__ import annotations

from textual.content import Content

from cbw_workbench.tui.state import WorkbenchState, recipe_folder
from cbw_workbench.tui.widgets.base import StateWidget


def headline(state: WorkbenchState, title: str) -> Content:
    """Output, variant and channels of the selected row; what does not fit is cut at the end."""
    row = state.row
    parts = [Content.assemble((" cbw ", "bold $background on $primary"), (f" {title} " if title else " ", "$primary"))]
    if row is None:
        return parts[0]
    parts.append(Content.styled(row.output, "bold"))
    parts.append(Content.assemble(("  recipe ", "$foreground 62%"), recipe_folder(row).name))
    parts.append(Content.assemble(("  channels ", "$foreground 62%"), " ".join(row.channels) or "none"))
    if row.variant:
        variant = " ".join(f"{key}={_brief(value)}" for key, value in sorted(row.variant.items()))
        parts.append(Content.assemble(("  variant ", "$foreground 62%"), variant))
    return Content("").join(parts)


def _brief(value: object) -> str:
    return ",".join(str(v) for v in value) if isinstance(value, (list, tuple)) else str(value)


class HeadLine(StateWidget):
    """One line."""

    def __init__(self, title: str = "") -> None:
        super().__init__()
        self._title = title

    def picture(self, state: WorkbenchState) -> object:
        row = state.row
        return (row.output, row.recipe, row.channels, dict(row.variant)) if row else None

    def render(self) -> Content:
        return headline(self.state, self._title).truncate(self.size.width, ellipsis=True)
