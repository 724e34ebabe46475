"""text of meta.yaml -> sections: selectors, template functions, schema, positions.

What changes recipes is loaded when first used: rendering does without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily
from cbw_core.recipe.located import Located, place_in
from cbw_core.recipe.reading import find_recipe, read_recipe, read_text
from cbw_core.recipe.selectors import Namespace, Selected, select, selectors_of
from cbw_core.recipe.template import (
    Template,
    TemplateFailure,
    TemplateResult,
    UndefinedNames,
    is_plain,
    line_map,
    names_used,
    render,
)
from cbw_core.recipe.yamltext import Position, copy, load, positions

if TYPE_CHECKING:
    from cbw_core.recipe.editing import Edited, add_item, adds_only
    from cbw_core.recipe.exact import read_exactly, write_exactly

__all__ = [
    "Edited",
    "Located",
    "Namespace",
    "Position",
    "Selected",
    "Template",
    "TemplateFailure",
    "TemplateResult",
    "UndefinedNames",
    "add_item",
    "adds_only",
    "copy",
    "find_recipe",
    "is_plain",
    "line_map",
    "load",
    "names_used",
    "place_in",
    "positions",
    "read_exactly",
    "read_recipe",
    "read_text",
    "remove_item",
    "render",
    "select",
    "selectors_of",
    "write_exactly",
]

__getattr__ = lazily(
    __name__,
    {
        "editing": ("Edited", "add_item", "adds_only"),
        "exact": ("read_exactly", "write_exactly"),
        "removing": ("remove_item",),
    },
)
