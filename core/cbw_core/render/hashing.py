"""What is hashed of a variant, and the build string (MetaData.get_hash_contents, build_id)."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from typing import Any

from cbw_core.errors import Place, RecipeError
from cbw_core.recipe import sections
from cbw_core.recipe.patterns import any_of
from cbw_core.render.specs import Spec, SpecError, bad_name_character, parse_spec
from cbw_core.render.state import State
from cbw_core.render.texts import numpy_xx, package_and_build_text, requirements_text, used_vars
from cbw_core.render.values import ForgivenError
from cbw_core.variants import as_list

HASH_LENGTH = 7
_ALWAYS_IN_STRING = ("python", "r_base", "perl", "lua")
# What the build string shows of a version: prefix, package names, how many components
_SHOWN: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("np", ("numpy",), 2),
    ("py", ("python",), 2),
    ("pl", ("perl",), 3),
    ("lua", ("lua",), 2),
    ("r", ("r", "r-base"), 2),
    ("mro", ("mro-base",), 3),
    ("mro", ("mro-base_impl",), 3),
)
_SHOWN_NAMES = frozenset(name for _, names, _ in _SHOWN for name in names)
_OPERATORS = {">", ">=", "=", "==", "!=", "<", "<="}


def specs_of(state: State, kind: str) -> list[Spec]:
    """The specs of a requirements section, checked (MetaData.ms_depends).

    Raises RecipeError for what is not a spec, unless a name was undefined in it and may be known later.
    """
    found: dict[str, Spec] = {}
    for index, text in enumerate(state.reqs(kind)):
        if not text:
            continue
        try:
            spec = parse_spec(text)
        except SpecError as error:
            if state.undefined:
                continue
            raise RecipeError(
                f"requirements/{kind} has {text!r}, which is not a package spec: {error}",
                kind="schema",
                place=state.place(("requirements", kind, index)),
                hint="Write a name, or a name with a version or range: zlib, zlib 1.2.*, zlib >=1.2,<2.",
            ) from None
        if spec.name == state.name() and not (kind == "build" and not state.same_subdirs):
            raise RecipeError(
                f"{state.name()} cannot depend on itself",
                kind="schema",
                place=state.place(("requirements", kind, index)),
                hint=f"Remove it from requirements/{kind}.",
            )
        _check(state, kind, index, text, spec)
        found[text] = spec
    return list(found.values())


@lru_cache(maxsize=8192)
def _is_sound(text: str) -> bool:
    """Whether nothing is wrong with the characters of a spec."""
    parts = text.split()
    return not bad_name_character(parse_spec(text).name) and not (len(parts) >= 2 and parts[1] in _OPERATORS)


def _check(state: State, kind: str, index: int, text: str, spec: Spec) -> None:
    if _is_sound(text):
        return
    bad = bad_name_character(spec.name)
    parts = text.split()
    hint = None
    if bad:
        message = f"bad character {bad!r} in the package name {spec.name!r}"
    elif len(parts) >= 2 and parts[1] in _OPERATORS:
        message = f"bad character {parts[1]!r} in the version of {spec.name!r}"
        hint = f"Perhaps you meant '{spec.name} {parts[1]}{parts[2]}'." if len(parts) >= 3 else None
    else:
        return
    place = state.place(("requirements", kind, index))
    raise ForgivenError(f"{message} in requirements/{kind}", kind="schema", place=place, hint=hint)


def hash_contents(state: State) -> dict[str, Any]:
    """The variables that are hashed, with their values, and virtual packages of run: info/hash_input.json."""
    variant = state.variant
    excluded = [*_ALWAYS_IN_STRING, *map(str, as_list(variant.get("ignore_version", [])))]
    used = used_vars(state)
    if "numpy" in used:
        pinned, not_xx = sections.numpy_pin_compatible(requirements_text(state))
        if numpy_xx(state) or (pinned and not not_xx):
            excluded.append("numpy")
    mapped = next((k for k in sorted(used) if isinstance(variant[k], dict)), None)
    if mapped is not None:
        raise RecipeError(
            f"the recipe uses {mapped}, which has a mapping for a value: that cannot be hashed",
            kind="variant",
            place=Place(str(state.work.recipe_file)),
            hint=f"Give {mapped} texts for values in the variant configuration.",
        )
    pattern = _exclusion(tuple(excluded))
    keys = sorted(k for k in used if not pattern.match(k) or " " in variant[k])
    contents = {} if keys == ["target_platform"] else {k: variant[k] for k in keys}
    for req in as_list((state.meta.get("requirements") or {}).get("run")):
        if str(req).startswith("__"):
            contents[str(req).split(" ")[0]] = req
    return contents


@lru_cache(maxsize=256)
def _exclusion(names: tuple[str, ...]) -> re.Pattern[str]:
    return any_of(names, "", r"[\s$]?.*")


def hash_of(contents: dict[str, Any]) -> str:
    """ "h" and the first seven digits of the sha1 of the canonical JSON; empty for nothing to hash."""
    if not contents:
        return ""
    digest = hashlib.sha1(json.dumps(contents, sort_keys=True, default=sorted).encode())
    return f"h{digest.hexdigest()}"[: HASH_LENGTH + 1]


def _version_in(specs: list[Any], name: str) -> str:
    version = ""
    for spec in specs:
        parts = str(spec).split()
        if len(parts) > 1 and parts[0] == name:
            version = parts[1]
    return version


def _plain_string(state: State) -> str:
    """The build string without its hash: "np116py311_0" (build_string_from_metadata)."""
    given = state.value("build/string") if (state.meta.get("build") or {}).get("string") else None
    if given:
        return str(given)
    kind = "host" if state.is_cross else "build"
    here = [s.name for s in specs_of(state, kind)]
    run = [s.name for s in specs_of(state, "run")]
    specs = as_list((state.meta.get("requirements") or {}).get(kind))
    parts: list[str] = []
    shown = _SHOWN_NAMES.intersection(here, run)
    for prefix, names, places in _SHOWN if shown else ():
        for needed in run:
            for name in names:
                if needed != name or name not in here:
                    continue
                if name == "numpy" and not numpy_xx(state):
                    continue
                if state.noarch == name or (state.noarch_python and name == "python"):
                    parts.append(prefix)
                    continue
                entry = prefix + "".join(_variant_version(state, specs, names).split(".")[:places])
                if entry not in parts:
                    parts.append(entry)
    features = [str(f) for f in as_list(state.value("build/features", []))]
    if parts:
        parts.append("_")
    if features:
        parts += ["_".join(features), "_"]
    return "".join([*parts, str(state.build_number())])


def _variant_version(state: State, specs: list[Any], names: tuple[str, ...]) -> str:
    for name in [*names, *(n.replace("-", "_") for n in names if "-" in n)]:
        version = _version_in(specs, name) or state.variant.get(name.replace("-", "_"), "")
        if version:
            return str(version)
    return ""


def build_string(state: State) -> str:
    """The build string; with its hash once the state is final, unless the recipe sets one of its own."""
    given = state.value("build/string")
    text = package_and_build_text(state)
    if not given and not text:
        raise RecipeError(
            f"the text of {state.name()!r} cannot be found in {state.work.recipe_file.name}"
            if state.name()
            else f"{state.work.recipe_file.name} has no package section, once its selectors are applied",
            kind="schema",
            place=state.place(),
            hint="Begin every output with its name." if state.name() else "Begin it with  package:  and its name.",
        )
    if given and not sections.hashes_own_string(text):
        state.check_build_string(str(given))
        return str(given)
    string = _plain_string(state)
    if not state.final:
        return string
    digest = hash_of(hash_contents(state))
    if re.search(f"h[0-9a-f]{{{HASH_LENGTH}}}", string):
        return re.sub(f"h[0-9a-f]{{{HASH_LENGTH}}}", digest, string)
    first, *rest = string.rsplit("_", 1)
    if first.lstrip("+-").isdigit():
        with_hash = f"{digest}_{first}" if digest else first
    else:
        with_hash = first + digest
    return "_".join([with_hash, *rest])


def dist(state: State) -> str:
    return f"{state.name()}-{state.version()}-{build_string(state)}"
