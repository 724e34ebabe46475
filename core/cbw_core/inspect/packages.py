"""The hash inputs of a built package: from info/hash_input.json, and from info/recipe where that helps."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.errors import CbwError, Place
from cbw_core.inspect import hash_inputs
from cbw_core.inspect.build_string import string_parts, version_token
from cbw_core.inspect.model import Hashed, HashInputs, Variable
from cbw_core.platforms import native_subdir
from cbw_core.render import Trail, Use
from cbw_core.test.packaged import Info, read_info
from cbw_core.variants import Given

_CONFIG = "conda_build_config.yaml"


@dataclass(frozen=True)
class _Again:
    """The package's recipe rendered again: how its variables are used; why that could not be."""

    trail: Trail | None = None
    used: tuple[str, ...] = ()
    contents: Mapping[str, Any] | None = None
    failure: str = ""


def hash_inputs_of_package(package: Path) -> HashInputs:
    """Of a .conda or .tar.bz2. Raises UsageError(kind="package") when it is no package that can be read."""
    info = read_info(package)
    index = info.index
    recorded = info.json("hash_input.json")
    contents = dict(recorded) if isinstance(recorded, Mapping) else {}
    variant = _variant(info)
    again = _again(info, variant, str(index["name"]))
    text = hash_inputs.canonical(contents)
    sha1, short = hash_inputs.digest(text)
    build = str(index["build"])
    trail = again.trail or Trail()
    uses = {name: tuple(u for u in trail.uses if u.name == name) for name in {u.name for u in trail.uses}}
    parts = string_parts(
        build,
        short,
        int(index.get("build_number") or 0),
        own=trail.places.get("build/string"),
        number_place=trail.places.get("build/number"),
        features=str(index.get("features") or "").split(),
        shown={"python": (variant.get("python", ""), None), "r-base": (variant.get("r_base", ""), None)},
    )
    names = list(dict.fromkeys([*(n for n in contents if not n.startswith("__")), *again.used]))
    lines = _value_places(info)
    variables = tuple(
        Variable(
            name=name,
            value=contents.get(name, variant.get(name)),
            hashed=name in contents,
            not_hashed="" if name in contents else _why_not(name, contents, variant),
            shown=version_token(name, parts),
            by=_given(info, name, variant, lines),
            uses=uses.get(name, ()),
        )
        for name in sorted(names)
    )
    return HashInputs(
        subject=str(package),
        kind="package",
        name=str(index["name"]),
        version=str(index["version"]),
        build_string=build,
        build_number=int(index.get("build_number") or 0),
        subdir=str(index.get("subdir") or ""),
        canonical=text,
        sha1=sha1,
        hash=short,
        variables=variables,
        virtual=tuple(Hashed(n, str(v)) for n, v in contents.items() if n.startswith("__")),
        parts=parts,
        unused=trail.unused,
        remarks=tuple(_remarks(recorded, contents, build, short, again, parts, variables)),
    )


def _remarks(
    recorded: Any,
    contents: Mapping[str, Any],
    build: str,
    short: str,
    again: _Again,
    parts: Any,
    variables: tuple[Variable, ...],
) -> list[str]:
    found: list[str] = []
    if recorded is None:
        found.append(
            "the package has no info/hash_input.json: it was not built by conda-build 3 or later, or by another tool"
        )
    else:
        found += hash_inputs.remarks([v.name for v in variables], contents, build, short, parts)
    in_name = next((p.text for p in parts if p.kind == "hash"), "")
    if short and in_name and in_name.removeprefix("h") != short[1:]:
        found.insert(
            0, f"the name has {in_name}, but the package's own hash inputs make {short}: it was renamed, or edited"
        )
    if again.failure:
        found.append(f"where its variables are used is not known: {again.failure}")
    elif again.contents is not None and recorded is not None and dict(again.contents) != dict(contents):
        # requirements on virtual packages come from solved environments, and are not made again
        again_names = {k for k in again.contents if not k.startswith("__")}
        names = sorted(again_names ^ {k for k in contents if not k.startswith("__")})
        if names:
            found.append(
                f"its recipe, rendered again by cbw, uses other variables ({', '.join(names)}): "
                "the rules of the conda-build that made it were others, or the recipe in it is not whole"
            )
    return found


def _variant(info: Info) -> dict[str, Any]:
    from cbw_core.recipe import load

    try:
        data = load(info.text(f"recipe/{_CONFIG}") or "{}", "plain")
    except CbwError:
        return {}
    return dict(data) if isinstance(data, Mapping) else {}


def _why_not(name: str, contents: Mapping[str, Any], variant: Mapping[str, Any]) -> str:
    from cbw_core.render import Output

    output = Output("", "", "", "", "", variant=variant, hash_input=contents)
    return hash_inputs.why_not_hashed(name, output)


def _shown_file(info: Info, path: str) -> str:
    return f"{info.package.name}:info/recipe/{path}"


def _value_places(info: Info) -> Mapping[tuple[str | int, ...], Any]:
    from cbw_core.recipe import positions

    return positions(info.text(f"recipe/{_CONFIG}") or "")


def _given(info: Info, name: str, variant: Mapping[str, Any], lines: Mapping[Any, Any]) -> Given | None:
    """The variant that the package keeps; which of the builder's files gave it is not in the package."""
    at = lines.get((name,))
    if name not in variant or at is None:
        return None
    text = (info.text(f"recipe/{_CONFIG}") or "").splitlines()[at.line - 1].strip()
    return Given("file", "", Place(_shown_file(info, _CONFIG), at.line, at.column, text), (variant[name],))


def _again(info: Info, variant: Mapping[str, Any], name: str) -> _Again:
    """info/recipe rendered once more, as it was written, with the variant it was built with."""
    template = "recipe/meta.yaml.template"
    below, own = ("recipe/parent", "meta.yaml") if info.text("recipe/parent/meta.yaml") else ("recipe", template[7:])
    if info.text(f"{below}/{own}") is None:
        return _Again(failure="the package holds no recipe")
    with tempfile.TemporaryDirectory(prefix="cbw-inspect-") as folder:
        root = Path(folder)
        recipe = root / "recipe"
        try:
            info.write(below, recipe)
            (recipe / _CONFIG).unlink(missing_ok=True)
            if own != "meta.yaml":
                (recipe / own).replace(recipe / "meta.yaml")
            (root / _CONFIG).write_text(info.text(f"recipe/{_CONFIG}") or "")
            return _rendered(root, recipe, variant, name, info, f"{below[7:]}/{own}".lstrip("/"))
        except (CbwError, OSError) as error:
            return _Again(failure=f"its recipe cannot be rendered again ({str(error).replace(folder + '/', '')})")


def _rendered(root: Path, recipe: Path, variant: Mapping[str, Any], name: str, info: Info, shown: str) -> _Again:
    from cbw_core.config import RenderOptions
    from cbw_core.render import render_recipe

    platform = str(variant.get("target_platform") or native_subdir())
    options = RenderOptions(exclusive_config_files=(str(root / _CONFIG),), no_code=True, no_source=True, finalize=False)
    config = Config(root, root, root, build_platform=platform, offline=True, render=options)
    rendered = render_recipe(recipe, config, environ={}, trails=True)
    for output, trail in zip(rendered.outputs, rendered.trails, strict=True):
        if output.name == name:
            return _Again(_moved(trail, recipe, info, shown), output.used_vars, output.hash_input)
    return _Again(failure=f"its recipe, rendered again, has no output {name}")


def _moved(trail: Trail, recipe: Path, info: Info, shown: str) -> Trail:
    """The trail with its places in the package instead of the folder it was unpacked to."""

    def moved(place: Place | None) -> Place | None:
        if place is None or not place.file.startswith(str(recipe)):
            return place
        path = str(Path(place.file).relative_to(recipe))
        below = shown.rpartition("/")[0]
        file = shown if path == "meta.yaml" else f"{below}/{path}".lstrip("/")
        return replace(place, file=_shown_file(info, file))

    def use(one: Use) -> Use:
        return replace(one, place=moved(one.place))

    return replace(
        trail,
        uses=tuple(use(u) for u in trail.uses),
        unused=tuple(replace(u, place=moved(u.place)) for u in trail.unused),
        places={path: place for path, old in trail.places.items() if (place := moved(old))},
    )
