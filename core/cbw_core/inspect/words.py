"""Uses, reasons and sources in words: short, without their places."""

from __future__ import annotations

from cbw_core.render import Unused, Use
from cbw_core.variants import Given

_USE = {
    "selector": "a selector",
    "expression": "an expression",
    "item": "an item",
    "requirement": "a requirement without a version",
    "if": "an {% if %}",
    "for": "a {% for %}",
    "set": "a {% set %}",
    "script": "the script",
    "forced": "build/force_use_keys",
    "always": "conda-build always counts it",
}
_UNUSED = {
    "not named": "the recipe does not name it",
    "setting": "a setting of variants, not a variable",
    "noarch": "noarch packages are for all platforms",
    "ignored": "build/force_ignore_keys lists it",
    "run only": "a run requirement alone does not count: build and host do not have it",
    "build only": "a build requirement alone does not count for it (ignore_build_only_deps)",
    "other output": "only another part of the recipe uses it",
    "own version": "the requirement says its version itself",
    "unseen in script": "conda-build does not see it: of a line only the first $, as ${NAME} or as $NAME and a blank",
    "mentioned": "named in a form that conda-build does not take for a use",
}


def use_words(use: Use) -> str:
    """What makes a variable used: "compiler('c')", "a selector"."""
    if use.how in ("compiler", "stdlib"):
        return f"{use.how}({use.name.split('_')[0]!r})"
    if use.how == "implied":
        return f"comes with {use.by}"
    if use.how in _USE:
        return _USE[use.how]
    return f"{use.how}()"


def unused_words(unused: Unused) -> str:
    """Why a variable is not used."""
    if unused.why == "selected out":
        return f"its line is dropped by the selector {unused.text}"
    return _UNUSED[unused.why]


def given_words(given: Given) -> str:
    """What gave a value: "--python 3.11", "CONDA_PY", "-m", "default", "" for a file that counts by itself."""
    if given.kind == "file":
        return f"{given.label} file" if given.label else "variant file"
    if given.kind == "default":
        return "default"
    if given.label in ("--variants", "") or given.kind == "environment":
        return f"{given.label} ({given.kind})" if given.kind == "environment" else given.label or given.kind
    return " ".join([given.label, *map(str, given.values)])
