"""A value, and where it comes from, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from cbw_core.inspect.words import given_words
from cbw_workbench.views.places import shown

if TYPE_CHECKING:
    from cbw_core.variants import Given


def value_text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, default=str)


def given_text(given: Given, folder: str) -> Text:
    """Where a value comes from: its line with the option that named the file, the option, the variable, "default"."""
    place = shown(given.place, folder)
    if not place:
        return Text(given_words(given))
    return Text.assemble(place, (f" ({given.label})" if given.label else "", "dim"))
