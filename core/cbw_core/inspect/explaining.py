"""A rendered recipe explained: hash inputs and dependencies of its outputs, and its matrix."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cbw_core.config import Config
from cbw_core.inspect import dependencies, hash_inputs
from cbw_core.inspect.model import Explained, VariantMatrix
from cbw_core.inspect.variants import matrix_of
from cbw_core.render import Rendered
from cbw_core.variants import Origins


def explain(
    rendered: Rendered, config: Config, *, environ: Mapping[str, str] | None = None, subject: str = ""
) -> tuple[Explained, ...]:
    """Why each output of a recipe is as it is, in their order.

    rendered: by render_recipe with trails=True; config and environ: those it was rendered with. subject: the recipe as
    it was named; its path when left out.
    """
    origins = _origins(rendered, config, environ)
    named = subject or rendered.recipe_dir
    return tuple(
        Explained(hash_inputs.of_output(output, trail, origins, named), dependencies.of_output(output, trail, origins))
        for output, trail in zip(rendered.outputs, rendered.trails, strict=True)
    )


def variant_matrix(rendered: Rendered, config: Config, *, environ: Mapping[str, str] | None = None) -> VariantMatrix:
    """The variants of a recipe and what they build; arguments as for `explain`."""
    return matrix_of(rendered, _origins(rendered, config, environ))


def _origins(rendered: Rendered, config: Config, environ: Mapping[str, str] | None) -> Origins:
    assert rendered.matrix is not None
    given = os.environ if environ is None else environ
    return Origins(rendered.matrix, config.render, given, config.build_platform, rendered.recipe_dir)
