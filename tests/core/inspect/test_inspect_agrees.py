"""Over the recipes of conda-build's own tests: what is explained is what rendering decided, nothing more or less."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbw_core.errors import CbwError
from cbw_core.inspect import Explained, VariantMatrix, explain, variant_matrix
from cbw_core.render import Rendered, render_recipe
from core.render.rendering_help import ENVIRON, TableResolver, config
from support.paths import REPO

DATA = REPO / "tests" / "compat" / "data"
RECIPES = sorted(path.parent for path in (DATA / "recipes").rglob("meta.yaml"))
Case = tuple[Path, Rendered, tuple[Explained, ...], VariantMatrix]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Every recipe that can be rendered, solved against the channel that conda-build was asked with."""
    return list(_cases(tmp_path_factory.mktemp("inspect")))


def _cases(folder: Path) -> Iterator[Case]:
    resolver = TableResolver(json.loads((DATA / "channel.json").read_text()))
    settings = config(folder)
    for recipe in RECIPES:
        try:
            made = render_recipe(recipe, settings, resolver=resolver, environ=ENVIRON, trails=True)
        except CbwError:
            continue
        yield recipe, made, explain(made, settings, environ=ENVIRON), variant_matrix(made, settings, environ=ENVIRON)


def test_there_are_enough_recipes(cases: list[Case]) -> None:
    assert len(cases) > 200
    assert sum(len(made.outputs) for _, made, _, _ in cases) > 400
    assert sum(output.final for _, made, _, _ in cases for output in made.outputs) > 350


def test_every_used_variable_has_a_use_and_a_source_and_no_other_has(cases: list[Case]) -> None:
    for recipe, made, found, _ in cases:
        for output, one in zip(made.outputs, found, strict=True):
            assert tuple(v.name for v in one.inputs.variables) == output.used_vars, recipe
            for variable in one.inputs.variables:
                assert variable.uses, (recipe, variable.name)
                assert variable.by is not None, (recipe, variable.name)
                assert variable.value == output.variant.get(variable.name)
                assert variable.hashed or "leaves it out" not in variable.not_hashed, (recipe, variable)
            unused = {u.name for u in one.inputs.unused}
            assert unused == set(output.variant) - set(output.used_vars), recipe


def test_the_place_of_a_use_holds_what_is_used(cases: list[Case]) -> None:
    for recipe, _, found, _ in cases:
        for one in found:
            for variable in one.inputs.variables:
                for use in variable.uses:
                    if use.place is None or use.place.line is None or use.place.column is None:
                        assert use.how == "always", (recipe, use)
                        continue
                    line = Path(use.place.file).read_text().splitlines()[use.place.line - 1]
                    text = line[use.place.column - 1 :].replace("-", "_")
                    word = use.how if use.how in ("compiler", "stdlib", "cdt") else variable.name
                    if use.how == "implied":
                        word = "compiler" if "compiler" in use.by else "stdlib"
                    assert text.startswith(word), (recipe, use)


def test_hash_and_string_are_put_together_as_they_came_out(cases: list[Case]) -> None:
    for recipe, made, found, _ in cases:
        for output, one in zip(made.outputs, found, strict=True):
            inputs = one.inputs
            assert "".join(part.text for part in inputs.parts) == output.build_string, recipe
            assert (json.loads(inputs.canonical) if inputs.canonical else {}) == output.hash_input
            if not any(part.kind == "recipe" for part in inputs.parts):
                hashes = [part.text for part in inputs.parts if part.kind == "hash"]
                assert hashes == ([inputs.hash] if inputs.hash else []), recipe


def test_every_dependency_has_an_origin_and_every_origin_a_place(cases: list[Case]) -> None:
    for recipe, made, found, _ in cases:
        for output, one in zip(made.outputs, found, strict=True):
            dependencies = one.dependencies
            assert [d.spec for d in dependencies.run] == list(output.requirements.run), recipe
            for dependency in (*dependencies.run, *dependencies.run_constrained):
                for origin in dependency.origins:
                    assert origin.how != "not known", (recipe, dependency)
                    if origin.how in ("recipe", "pin_compatible", "pin_subpackage", "resolved_packages"):
                        assert origin.place is not None, (recipe, dependency)
                    if origin.how == "run_exports":
                        solved = {p.dist for packages in output.solved.values() for p in packages}
                        assert origin.package in solved, (recipe, dependency)


def test_every_export_that_joins_run_is_among_the_dependencies(cases: list[Case]) -> None:
    for recipe, made, _, _ in cases:
        for output, trail in zip(made.outputs, made.trails, strict=True):
            names = {spec.split()[0] for spec in (*output.requirements.run, *output.requirements.run_constrained)}
            for export in trail.exported:
                if {"run", "run_constrained"} & set(export.joined):
                    assert export.spec.split()[0] in names, (recipe, export)
            brought = {e.spec.split()[0] for e in trail.exported if "run" in e.joined}
            brought |= {w.spec.split()[0] for w in trail.written} | {spec.split()[0] for spec, _ in trail.added}
            assert {spec.split()[0] for spec in output.requirements.run} <= brought, recipe


def test_rows_build_all_outputs_and_each_name_once(cases: list[Case]) -> None:
    for recipe, made, _, matrix in cases:
        built = {dist for row in matrix.rows for dist in row.builds}
        assert built == {output.dist for output in made.outputs}, recipe
        for row in matrix.rows:
            names = [dist.rsplit("-", 2)[0] for dist in row.builds]
            assert len(names) == len(set(names)), (recipe, row)


def test_trails_change_nothing(cases: list[Case], tmp_path: Path) -> None:
    resolver = TableResolver(json.loads((DATA / "channel.json").read_text()))
    for recipe, made, _, _ in cases[::4]:
        again = render_recipe(recipe, config(tmp_path), resolver=resolver, environ=ENVIRON)
        assert again.trails == ()
        assert again.outputs == made.outputs, recipe
