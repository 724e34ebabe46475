"""Rendered recipes as a tree: recipe, outputs, hash, used variables, requirements."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from cbw_core.render.output import Output
    from cbw_workbench.commands.results import RenderedRecipe


def rendered_tree(recipe: RenderedRecipe) -> Tree:
    """A recipe that was rendered; its skipped outputs and warnings after its outputs."""
    tree = Tree(Text(recipe.recipe, style="bold"), guide_style="dim")
    for output in recipe.outputs:
        _add_output(tree, output)
    for row in recipe.skipped:
        variant = ", ".join(f"{key}={item}" for key, item in dict(row.get("variant") or {}).items())
        tree.add(Text(f"skipped {row['name']}: {row['why']}" + (f" ({variant})" if variant else ""), style="dim"))
    for warning in recipe.warnings:
        tree.add(Text(f"warning: {warning}", style="yellow"))
    return tree


def _add_output(tree: Tree, output: Output) -> None:
    label = Text.assemble((output.dist, "bold green"), (f"  {output.subdir}", "dim"))
    branch = tree.add(label)
    if output.noarch:
        branch.add(_pair("noarch", output.noarch))
    if output.hash_input:
        branch.add(_pair("hash of", json.dumps(dict(output.hash_input), sort_keys=True, default=str)))
    for name in ("build", "host", "run", "run_constrained"):
        _add_specs(branch, name, getattr(output.requirements, name))
    _add_specs(branch, "test", output.test_requires)


def _add_specs(branch: Tree, name: str, specs: tuple[str, ...]) -> None:
    if specs:
        inner = branch.add(Text(name, style="cyan"))
        for spec in specs:
            inner.add(Text(spec))


def _pair(name: str, text: str) -> Text:
    return Text.assemble((f"{name} ", "cyan"), text)
