"""The source section of an output: its entries, and where in meta.yaml a key of one stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cbw_core.errors import Place, RecipeError
from cbw_core.render.output import Output
from cbw_core.source.model import Kind
from cbw_core.source.secrets import redact

# conda_build.source.ACCEPTED_HASH_TYPES
HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


@dataclass(frozen=True)
class SourceEntry:
    """One entry as rendered. index: its number in the section."""

    index: int
    data: Mapping[str, Any]
    output: Output

    @property
    def kind(self) -> Kind:
        """What is fetched (the order in which conda_build.source.provide asks)."""
        if "url" in self.data or "fn" in self.data:
            return "url"
        kinds: tuple[Kind, ...] = ("git", "hg", "svn")
        for kind in kinds:
            if f"{kind}_url" in self.data:
                return kind
        return "path" if "path" in self.data else "none"

    @property
    def recipe_dir(self) -> Path:
        return Path(self.output.recipe_dir)

    def text(self, key: str) -> str:
        """A value as text; "" when absent or empty."""
        value = self.data.get(key)
        return "" if value is None else str(value)

    def texts(self, key: str) -> list[str]:
        """A value as a list of texts (conda_build.utils.ensure_list)."""
        value = self.data.get(key)
        if value is None or value == "":
            return []
        values = value if isinstance(value, (list, tuple)) else [value]
        return [str(item) for item in values if item not in (None, "")]

    @property
    def folder(self) -> str:
        """Where below the work folder it goes. Raises for a folder outside."""
        folder = self.text("folder")
        parts = PurePosixPath(folder)
        if parts.is_absolute() or ".." in parts.parts:
            raise self.error(
                f"source folder {folder!r} lies outside the work folder", "folder", hint="Name a folder below it."
            )
        return "" if folder in ("", ".") else parts.as_posix()

    @property
    def patches(self) -> list[str]:
        return self.texts("patches")

    def place(self, key: str, value: str | None = None) -> Place:
        return place_of(self.output, self.index, key, self.text(key) if value is None else value)

    def error(
        self,
        message: str,
        key: str,
        *,
        value: str | None = None,
        kind: str = "source",
        why: str | None = None,
        hint: str | None = None,
        details: str | None = None,
    ) -> RecipeError:
        """A RecipeError that points at `key` of this entry. A name in it cannot write to the terminal."""
        place = self.place(key, value)
        return RecipeError(printable(message), kind=kind, place=place, why=why, hint=hint, details=details)


def printable(text: str) -> str:
    """A line of text in which names of files cannot end it, nor write to the terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def entries_of(output: Output) -> tuple[SourceEntry, ...]:
    """The entries of the source section, in order."""
    section = output.meta.get("source") or []
    entries = section if isinstance(section, (list, tuple)) else [section]
    return tuple(SourceEntry(index, entry or {}, output) for index, entry in enumerate(entries))


def place_of(output: Output, index: int, key: str, value: str = "") -> Place:
    """Where source entry `index` has `key` in the recipe's text. Selectors and templates move entries, so a line that
    has the value itself is best; else what `line_of` finds."""
    from cbw_core.render import line_of

    path = Path(output.recipe_file)
    try:
        lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    except OSError:
        lines = []
    with_value = [number for number, line in enumerate(lines, 1) if value and value in line.partition(" #")[0]]
    with_key = [number for number in with_value if re.match(rf"\s*(?:- +)*{re.escape(key)}\s*:", lines[number - 1])]
    if number := next(iter(with_key or with_value), None):
        line = lines[number - 1]
        return Place(output.recipe_file, number, line.index(value) + 1, redact(line.strip()))
    found = line_of(output.recipe_file, ("source", index, key))
    return Place(found.file, found.line, found.column, redact(found.text) if found.text else None)
