"""Functions of templates that need the variant and the outputs: compiler, stdlib, cdt, pin_subpackage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.platforms import Platform
from cbw_core.render.specs import with_star
from cbw_core.render.state import Key, State
from cbw_core.render.versions import VersionError, pin
from cbw_core.variants import native_compiler


def target_package(state: State, language: str, component: str) -> str:
    """The package of compiler(language) or stdlib(language) (conda_build.jinja_context._target)."""
    variant = state.variant
    platform = str(variant.get("target_platform", state.build_subdir))
    prefix = language
    if component == "compiler":
        os_name = Platform(state.build_subdir).os
        prefix = native_compiler(language, os_name, str(variant.get("python", "nope")))
    prefix = str(variant.get(f"{language}_{component}", prefix))
    version = variant.get(f"{language}_{component}_version")
    package = f"{prefix}_{platform}"
    return with_star(f"{package} {version}") if version else package


def cdt(state: State, package: str) -> str:
    """The package of a core dependency tree."""
    arch = state.host_arch
    name, cdt_arch = {"64": ("cos6", "x86_64"), "32": ("cos6", "i686")}.get(arch, ("cos7", arch))
    name = str(state.variant.get("cdt_name", name))
    cdt_arch = str(state.variant.get("cdt_arch", cdt_arch))
    first, _, rest = package.partition(" ")
    return f"{first}-{name}-{cdt_arch} {rest}" if rest else f"{first}-{name}-{cdt_arch}"


def pin_subpackage(
    state: State,
    name: str,
    min_pin: str | None = "x.x.x.x.x.x",
    max_pin: str | None = "x",
    exact: bool = False,
    *,
    permissive: bool,
    alone: bool,
    skip_build_id: bool = False,
) -> str:
    """A pin on an output of the same recipe. permissive: what is not known may be left out; alone: the other outputs
    may not be known yet."""
    found: str | None = None
    if state.others is None:
        found = name if alone else None
    else:
        keys = [k for k in state.others if k[0] == name]
        found = _pin_among(state, keys, min_pin, max_pin, exact, permissive, skip_build_id) if keys else None
    if found:
        return found
    if permissive or alone:
        return name
    raise RecipeError(
        f"pin_subpackage({name!r}) names no output of this recipe",
        kind="jinja",
        place=state.place(),
        why=f"the outputs are {', '.join(sorted({str(k[0]) for k in state.others or ()})) or 'not known'}",
        hint="Use pin_compatible for a package of another recipe.",
    )


def _pin_among(
    state: State,
    keys: Sequence[Key],
    min_pin: str | None,
    max_pin: str | None,
    exact: bool,
    permissive: bool,
    skip_build_id: bool,
) -> str | None:
    from cbw_core.render.hashing import build_string

    assert state.others is not None
    key: Key | None = keys[0] if len(keys) == 1 else next((k for k in keys if _agrees(state, k)), None)
    if key is None:
        return str(keys[0][0])
    other = state.others[key][1]
    if permissive and not other.version():
        return None
    if exact:
        build = str(other.build_number()) if skip_build_id else build_string(other)
        return f"{other.name()} {other.version()} {build}"
    return f"{other.name()} {pin_of(other.version(), min_pin, max_pin)}"


def _agrees(state: State, key: Key) -> bool:
    """Whether an output's used variables have this state's values, where this state has them at all."""
    return all(value == state.variant_key(name) for name, value in key[1] if name in state.variant)


def pin_of(version: str, min_pin: str | None, max_pin: str | None) -> str:
    try:
        return pin(version, min_pin, max_pin)
    except VersionError as error:
        raise RecipeError(f"a pin on version {version!r} cannot be made: {error}", kind="jinja") from None


def freeze_pin_cfg(config: Any) -> dict[str, Any]:
    """One entry of pin_run_as_build: a text stands for both bounds."""
    return {"min_pin": config, "max_pin": config} if isinstance(config, str) else dict(config or {})
