"""What the recipe inside a package says of linkage, each with its line there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cbw_core.errors import CbwError, Place
from cbw_core.inspect.targets import names_of
from cbw_core.linkage import Glob, Owner
from cbw_core.test.packaged import Info

_GLIBC = re.compile(r"__glibc\s*>=\s*(\d+(?:\.\d+)+)")


def owner_of_package(info: Info, *, at_hand: bool) -> Owner:
    """Of info/index.json and info/recipe. Raises UsageError(kind="package") for a package without them."""
    index = info.index
    depends = tuple(str(spec) for spec in index.get("depends") or ())
    dist = f"{index['name']}-{index['version']}-{index['build']}"
    return owner_of(dist, str(index["name"]), depends, info, at_hand=at_hand)


def owner_of(dist: str, name: str, depends: tuple[str, ...], info: Info | None, *, at_hand: bool = True) -> Owner:
    """Who is to answer for files. depends: the package's run requirements; info: what the package tells of its recipe;
    at_hand: whether the packages it depends on are there to be looked into."""
    build = _build_section(info)
    lines = _Lines(info)
    oldest = next((m[1] for spec in depends if (m := _GLIBC.match(spec))), None)

    def globs(field: str) -> tuple[Glob, ...]:
        value = build.get(field)
        patterns = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return tuple(Glob(str(p), f"build/{field}", lines.of(str(p), after=field)) for p in patterns)

    run = names_of(depends)
    return Owner(
        dist=dist,
        name=name,
        run=run,
        ignored=tuple(g.pattern.split()[0] for g in globs("ignore_run_exports") if g.pattern.split()),
        allowed=(*globs("missing_dso_whitelist"), *globs("missing_dso_allowlist")),
        ignored_files=globs("overlinking_ignore_patterns"),
        rpaths=(*globs("runpath_whitelist"), *globs("runpath_allowlist")),
        run_place=lines.of("run:"),
        build_place=lines.of("build:"),
        places={one: place for one in run if (place := lines.of(f"- {one}", after="run")) is not None},
        glibc=(oldest, "the oldest that the run requirements allow") if oldest else None,
        at_hand=at_hand,
    )


def _build_section(info: Info | None) -> Mapping[str, Any]:
    if info is None:
        return {}
    from cbw_core.recipe import load

    try:
        data = load(info.text("recipe/meta.yaml") or "{}")
    except CbwError:
        return {}  # the globs are then not known; the package itself can be judged
    build = data.get("build") if isinstance(data, Mapping) else None
    return build if isinstance(build, Mapping) else {}


class _Lines:
    """Lines of the recipe as it was written; of the rendered one where the package has no other."""

    def __init__(self, info: Info | None) -> None:
        self._lines: list[str] = []
        self._file = ""
        for path in ("recipe/meta.yaml.template", "recipe/meta.yaml"):
            text = info.text(path) if info is not None else None
            if text is not None and info is not None:
                self._lines, self._file = text.splitlines(), f"{info.package.name}:info/{path}"
                break

    def of(self, text: str, *, after: str = "") -> Place | None:
        """The first line that has `text`, at or behind one that starts with `after:`."""
        seen = not after
        for number, line in enumerate(self._lines, 1):
            stripped = line.strip().removeprefix("- ")
            seen = seen or stripped.startswith(f"{after}:")
            if seen and text in line and (not text.endswith(":") or stripped.startswith(text)):
                return Place(self._file, number, line.index(text) + 1, line.strip())
        return None
