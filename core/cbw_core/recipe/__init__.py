"""text of meta.yaml -> sections: selectors, template functions, schema, positions."""

from cbw_core.recipe.editing import Edited, add_item, adds_only
from cbw_core.recipe.exact import read_exactly, write_exactly
from cbw_core.recipe.located import Located, place_in
from cbw_core.recipe.reading import find_recipe, read_text
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
    "read_text",
    "render",
    "select",
    "selectors_of",
    "write_exactly",
]
