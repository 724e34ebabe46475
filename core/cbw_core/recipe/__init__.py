"""text of meta.yaml -> sections: selectors, template functions, schema, positions."""

from cbw_core.recipe.reading import find_recipe, read_text
from cbw_core.recipe.selectors import Namespace, Selected, select, selectors_of
from cbw_core.recipe.template import Template, TemplateFailure, TemplateResult, UndefinedNames, line_map, render
from cbw_core.recipe.yamltext import Position, copy, load, positions

__all__ = [
    "Namespace",
    "Position",
    "Selected",
    "Template",
    "TemplateFailure",
    "TemplateResult",
    "UndefinedNames",
    "copy",
    "find_recipe",
    "line_map",
    "load",
    "positions",
    "read_text",
    "render",
    "select",
    "selectors_of",
]
