"""A build string taken apart: which of its parts comes from what (conda_build.metadata.build_string_from_metadata)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cbw_core.errors import Place
from cbw_core.inspect.model import StringPart

# prefix -> the package whose version it shows
_SHOWN = {"np": "numpy", "py": "python", "pl": "perl", "lua": "lua", "r": "r-base", "mro": "mro-base"}
_HASH = re.compile(r"h[0-9a-f]{7}")


def string_parts(
    text: str,
    digest: str,
    number: int,
    *,
    own: Place | None = None,
    number_place: Place | None = None,
    shown: Mapping[str, tuple[Any, Place | None]] | None = None,
    features: Sequence[str] = (),
) -> tuple[StringPart, ...]:
    """The parts of a build string; together they are the string.

    digest: the hash as it should stand in it ("h9bf148f", or ""). own: the place of build/string, where the recipe
    sets one. shown: package -> (version, place of the requirement that makes the string show it).
    features: build/features.
    """
    if own is not None:
        return _own(text, digest, own)
    head, found, tail = _split(text, digest)
    end = re.fullmatch(rf"_?{number}", tail)
    tokens = _tokens(head, shown or {}, "_".join(features))
    if end is None or tokens is None or (not found and head and not tail.startswith("_")):
        return (StringPart(text, "recipe", "a build string of the recipe's own (build/string)"),)
    parts = list(tokens)
    if found:
        parts.append(StringPart(found, "hash", "of the hash inputs"))
    parts.append(StringPart(tail, "number", "build/number" if number_place else "the build number", number_place))
    return tuple(parts)


def _split(text: str, digest: str) -> tuple[str, str, str]:
    """What stands before the hash, the hash, and what stands behind it."""
    at = text.find(digest) if digest else -1
    if at >= 0:
        return text[:at], digest, text[at + len(digest) :]
    found = _HASH.search(text)
    if found:
        return text[: found.start()], found[0], text[found.end() :]
    head, mark, tail = text.rpartition("_")
    return head, "", mark + tail


def _tokens(head: str, shown: Mapping[str, tuple[Any, Place | None]], features: str) -> list[StringPart] | None:
    """The versions and features before the hash; None where it is not made of those."""
    parts: list[StringPart] = []
    text, end = head, ""
    if features and head.endswith(features):
        text = head[: -len(features)].removesuffix("_")
        end = head[len(text) :]
    while text:
        match = re.match(r"(np|py|pl|lua|mro|r)([\d*.]*)", text)
        if not match:
            return None
        package = _SHOWN[match[1]]
        version, place = shown.get(package, ("", None))
        why = f"{package} {version}".strip() if match[2] else f"{package}, any version (noarch)"
        parts.append(StringPart(match[0], "version", f"{why}, which host and run need", place))
        text = text[match.end() :]
    return [*parts, StringPart(end, "features", "build/features")] if end else parts


def _own(text: str, digest: str, place: Place) -> tuple[StringPart, ...]:
    why = "build/string of the recipe"
    if not digest or digest[1:] not in text:
        return (StringPart(text, "recipe", why, place),)
    found = digest if digest in text else digest[1:]
    before, _, behind = text.partition(found)
    parts = [StringPart(before, "recipe", why, place)] if before else []
    parts.append(StringPart(found, "hash", "of the hash inputs, by PKG_HASH"))
    return (*parts, StringPart(behind, "recipe", why, place)) if behind else tuple(parts)


def version_token(package: str, parts: tuple[StringPart, ...]) -> str:
    """The part that shows a package's version: "py311"; "" for none."""
    prefix = next((p for p, name in _SHOWN.items() if name.replace("-", "_") == package.replace("-", "_")), None)
    if prefix is None:
        return ""
    return next((p.text for p in parts if p.kind == "version" and re.fullmatch(rf"{prefix}\d+", p.text)), "")
