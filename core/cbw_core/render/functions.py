"""Functions of templates that need the variant, the outputs or solved environments: compiler, stdlib, cdt,
pin_subpackage, pin_compatible, resolved_packages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.platforms import Platform
from cbw_core.render.hashing import build_string
from cbw_core.render.others import Others
from cbw_core.render.pins import pin_of
from cbw_core.render.specs import with_star
from cbw_core.render.state import State
from cbw_core.variants import native_compiler


def bound(
    state: State, *, strict: bool, alone: bool, offline: bool, skip_build_id: bool
) -> dict[str, Callable[..., Any]]:
    """The functions by name as templates call them; see render.context.Naming for the options."""

    def pin_among_outputs(
        subpackage_name: str,
        min_pin: str | None = "x.x.x.x.x.x",
        max_pin: str | None = "x",
        exact: bool = False,
    ) -> str:
        return pin_subpackage(
            state,
            subpackage_name,
            min_pin,
            max_pin,
            exact,
            permissive=not strict,
            alone=alone,
            skip_build_id=skip_build_id,
        )

    def pin_compatible(
        package_name: str,
        lower_bound: Any = None,
        upper_bound: Any = None,
        min_pin: str | None = "x.x.x.x.x.x",
        max_pin: str | None = "x",
        exact: bool = False,
    ) -> str:
        if not strict or offline or state.work.resolver is None:
            return f"{package_name} "
        from cbw_core.render.pinning import pin_compatible as pinned

        return pinned(state, package_name, lower_bound, upper_bound, min_pin, max_pin, exact)

    def resolved_packages(env: str) -> list[str]:
        from cbw_core.render.pinning import resolved_packages as resolved

        return resolved(state, env, solve=strict and not offline and state.work.resolver is not None)

    return {
        "pin_subpackage": pin_among_outputs,
        "pin_compatible": pin_compatible,
        "resolved_packages": resolved_packages,
        "compiler": lambda language: target_package(state, language, "compiler"),
        "stdlib": lambda language: target_package(state, language, "stdlib"),
        "cdt": lambda package_name: cdt(state, package_name),
    }


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
        found = _pin_among(state, state.others, name, min_pin, max_pin, exact, permissive, skip_build_id)
    if found:
        return found
    if permissive or alone:
        return name
    raise RecipeError(
        f"pin_subpackage({name!r}) names no output of this recipe",
        kind="jinja",
        why=f"the outputs are {', '.join(sorted({str(k[0]) for k in state.others or ()})) or 'not known'}",
        hint="Use pin_compatible for a package of another recipe.",
    )


def _pin_among(
    state: State,
    others: Others,
    name: str,
    min_pin: str | None,
    max_pin: str | None,
    exact: bool,
    permissive: bool,
    skip_build_id: bool,
) -> str | None:
    if not others.has(name):
        return None
    key = others.find(name, state.variant, state.variant_key)
    if key is None:
        return name
    other = others[key][1]
    if permissive and not other.version():
        return None
    if exact:
        build = str(other.build_number()) if skip_build_id else build_string(other)
        return f"{other.name()} {other.version()} {build}"
    return f"{other.name()} {pin_of(other.version(), min_pin, max_pin)}"
