"""Results to rich renderables, shared by all faces; and to JSON. Rich is imported when something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cbw_core.errors import CbwError


def draw(value: object) -> RenderableType:
    """A result's value as a rich renderable."""
    from cbw_workbench.views.drawing import draw as draw_value

    return draw_value(value)


def draw_error(error: CbwError) -> RenderableType:
    """An error as rich text: message, the place with its line and a caret, why, the next step."""
    from rich.text import Text

    from cbw_workbench.views.errors import error_parts

    text = Text()
    for part in error_parts(error):
        text.append(part.text, style=part.style)
    text.rstrip()
    return text


def to_json(value: object) -> Any:
    """A result's value as JSON-able data. A list is meant to be printed one item a line."""
    from cbw_workbench.views.json_form import data_of

    return data_of(value)


def errors_of(value: object) -> tuple[tuple[str, CbwError], ...]:
    """The errors that a result carries beside what it draws: (recipe, error), for faces to show after it."""
    from cbw_workbench.commands.results import BuildReport, ContentsReport, LinkageReport, RenderReport

    if isinstance(value, RenderReport):
        return tuple((recipe.recipe, recipe.error) for recipe in value.recipes if recipe.error)
    if isinstance(value, (LinkageReport, ContentsReport)):
        return value.errors
    if isinstance(value, BuildReport):
        return tuple(("", error) for error in value.errors)
    return ()
