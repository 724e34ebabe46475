"""Values of the wrong kind in a recipe: a mapping where a list of texts belongs, a text where a mapping does.

conda-build has no rules of this; it fails somewhere on such a value. This finds the one to blame, once something did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cbw_core.recipe.schema import FIELDS, ITERABLE, Finding, kind_of

_MAPPINGS = frozenset(["build", "test", "about", "extra", "app"])
# fields that are more than their default's type tells
_ANY = frozenset(
    [
        *(("build", name) for name in ("run_exports", "noarch", "script", "skip", "number", "entry_points", "rpaths")),
        *(
            ("outputs", name)
            for name in ("files", "noarch", "run_exports", "source", "number", "entry_points", "script")
        ),
        *(("outputs", name) for name in ("python_version_independent", "noarch_python")),
        *(("about", name) for name in ("license_file", "identifiers", "tags", "keywords", "license_url", "doc_url")),
        *(("source", name) for name in ("url", "patches", "content_hash_skip")),
    ]
)
_TEXTS = frozenset(
    [("package", "name"), ("outputs", "name"), ("outputs", "version"), ("outputs", "type"), ("outputs", "target")]
)
# what names a file or a place; a version-like value (git_rev: 1.0) is taken as it is
_SOURCES = frozenset(["path", "fn", "folder", "git_url", "hg_url", "svn_url"])
_LISTS = frozenset([("requirements", name) for name in FIELDS["requirements"]])
_SCALARS = (str, int, float, bool, type(None))


def misfits(meta: Mapping[str, Any]) -> Iterator[Finding]:
    """Every value of a kind that its field cannot have, in the recipe's order."""
    for section, value in meta.items():
        if section in FIELDS and section != "extra":
            if section in ITERABLE and isinstance(value, list):
                yield from _empty(section, value)
            for path, fields in _parts(section, value):
                yield from _fields(section, fields, path)


def _empty(section: str, items: list[Any]) -> Iterator[Finding]:
    for number, item in enumerate(items):
        if item is None:
            hint = "Remove its dash, or write its fields behind it."
            yield Finding(f"{section}: item {number + 1} is empty", (section, number), hint)


def _parts(section: str, value: Any) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    if isinstance(value, dict):
        yield (section,), value
    elif isinstance(value, list):
        yield from (((section, n), item) for n, item in enumerate(value) if isinstance(item, dict))


def _fields(section: str, fields: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Finding]:
    for name, value in fields.items():
        here = (*path, name)
        where = "/".join(str(part) for part in here)
        if not isinstance(name, str):
            yield Finding(f"{where}: a field's name should be text, not {kind_of(name)}", here, "Write it in quotes.")
        elif section == "outputs" and name in _MAPPINGS:
            if isinstance(value, dict):
                yield from _fields(name, value, here)
            elif value:
                yield _finding(where, "a mapping", value, here, "Write its fields below it, each as  field: value.")
        elif section == "outputs" and name == "requirements":
            if isinstance(value, dict):
                yield from _fields(name, value, here)
            else:
                yield from _list(where, value, here)
        elif (section, name) in _ANY:
            continue
        elif (section, name) in _LISTS or FIELDS.get(section, {}).get(name) is list:
            yield from _list(where, value, here)
        elif section == "source" and name in _SOURCES and not isinstance(value, str | type(None)):
            yield _finding(where, "text", value, here, "Write it in quotes.")
        elif not isinstance(value, _SCALARS) and (
            (section, name) in _TEXTS or FIELDS.get(section, {}).get(name) in (str, bool)
        ):
            yield _finding(where, "text", value, here, "Write one value behind the colon.")


def _list(where: str, value: Any, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if isinstance(value, dict):
        yield _finding(where, "a list", value, path, "Begin each item with a dash.")
    for number, item in enumerate(value if isinstance(value, list) else []):
        if not isinstance(item, _SCALARS):
            hint = "Write one text behind each dash, in quotes where it holds a colon or brackets."
            yield _finding(f"{where}: item {number + 1}", "text", item, (*path, number), hint)


def _finding(where: str, wanted: str, value: Any, path: tuple[str | int, ...], hint: str) -> Finding:
    return Finding(f"{where} should be {wanted}, not {kind_of(value)}", path, hint)
