"""Pins on a version, as recipes and pin_run_as_build ask for them."""

from __future__ import annotations

from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.render.versions import VersionError, pin


def pin_of(version: str, min_pin: str | None, max_pin: str | None) -> str:
    """A version's bounds: ">=1.2,<2.0a0". Raises RecipeError for a version or a pin that is none."""
    try:
        return pin(version, min_pin, max_pin)
    except VersionError as error:
        raise RecipeError(f"a pin on version {version!r} cannot be made: {error}", kind="jinja") from None


def freeze_pin_cfg(config: Any) -> dict[str, Any]:
    """One entry of pin_run_as_build: a text stands for both bounds."""
    return {"min_pin": config, "max_pin": config} if isinstance(config, str) else dict(config or {})
