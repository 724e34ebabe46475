"""render_recipe: a recipe and a configuration to its outputs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.errors import CbwError
from cbw_core.events import Note, Sink, silent
from cbw_core.process import Cancel
from cbw_core.recipe import copy, find_recipe, read_recipe
from cbw_core.recipe.schema import unknown_fields
from cbw_core.render.distribute import Made, all_outputs, top_states
from cbw_core.render.hashing import build_string, hash_contents
from cbw_core.render.misfit import misfit
from cbw_core.render.output import Output, Requirements
from cbw_core.render.outputs import shared_output
from cbw_core.render.parsing import parse_again
from cbw_core.render.places import place_of, quick_place
from cbw_core.render.resolver import Resolver, Sources
from cbw_core.render.state import State
from cbw_core.render.texts import build_is_host, used_vars
from cbw_core.render.trail import Trail
from cbw_core.render.values import PLAIN
from cbw_core.render.work import Work
from cbw_core.variants import Matrix, Variants, as_list, load_variants


@dataclass(frozen=True)
class Skipped:
    """An output (or the whole recipe) that is skipped for a variant, and why, with the line that says so."""

    name: str
    why: str
    variant: Mapping[str, Any]


@dataclass(frozen=True)
class Rendered:
    """What a recipe comes to.

    outputs:    in build order, those that come out alike folded into one.
    toplevel:   for recipes with `outputs:`, the top level itself, one for each of its variants (is_toplevel).
    warnings:   what a person should know, one line each.
    files_read: absolute paths: the recipe, variant files, scripts searched for variables, files templates loaded.
    matrix:     the variants as they were loaded, with what each source gave.
    trails:     why each of `outputs` came out as it did, in their order; empty unless asked for.
    """

    recipe_dir: str
    recipe_file: str
    outputs: tuple[Output, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()
    files_read: tuple[str, ...] = ()
    toplevel: tuple[Output, ...] = ()
    matrix: Matrix | None = None
    trails: tuple[Trail, ...] = ()


def render_recipe(
    recipe: Path,
    config: Config,
    *,
    resolver: Resolver | None = None,
    sources: Sources | None = None,
    sink: Sink = silent,
    environ: Mapping[str, str] | None = None,
    cancel: Cancel | None = None,
    trails: bool = False,
) -> Rendered:
    """Render a recipe (a folder or a meta.yaml) over all its variants.

    With a resolver, and unless config.render.finalize is False, build and host are solved and all pins are final;
    without, this is conda-build's render with finalize=False.
    sources: makes the sources where a template reads files of them; None: only a source given by `path` can be read.
    trails: whether to remember why outputs come out as they do (slower); it changes nothing else.
    environ: what CONDA_PY and the like, selectors and `environ[...]` see; None: this process's environment.
    Raises RecipeError (with the place) for what is wrong in recipe or variants, EnvironmentFailure where a solve
    fails, Interrupted when `cancel` is asked for.
    """
    file = find_recipe(Path(recipe))
    work = Work(
        recipe_dir=file.parent,
        recipe_file=file,
        text=read_recipe(file),
        config=config,
        environ=dict(os.environ if environ is None else environ),
        place_of=place_of,
        output_named=shared_output,
        resolver=resolver if config.render.finalize else None,
        sources=sources,
        sink=sink,
        cancel=cancel,
        trails=trails,
    )
    work.note_read(file)
    matrix = load_variants(
        file.parent,
        config.render,
        build_subdir=config.build_platform,
        environ=work.environ,
        on_read=work.note_read,
    )
    finalize = work.resolver is not None
    try:
        return _render(work, matrix, finalize)
    except (TypeError, AttributeError, LookupError, ValueError, ArithmeticError, RecursionError) as error:
        # data of a kind that no rule above foresaw; conda-build fails on it, too
        raise misfit(work, matrix, error) from error


def _render(work: Work, matrix: Matrix, finalize: bool) -> Rendered:
    variants = Variants(matrix.variants, looped=matrix.looped)
    first = State(work, {}, variants[0], variants, variants)
    parse_again(first, strict=False, alone=True)
    # name and version are checked before anything else is done with them
    first.name(), first.version()
    if first.final:
        tops = [first]
    else:
        tops = top_states(first, variants, offline=not finalize)
    made, skipped = all_outputs(tops, finalize=finalize)
    for state in tops:
        _warn_unknown(state)
    shared = _Tops()
    outputs = tuple(_output(m, matrix, finalize, shared) for m in made)
    toplevel: tuple[Output, ...] = ()
    if any(t.section("outputs") for t in tops):
        toplevel = tuple(_output(Made({}, t, t), matrix, False, shared, toplevel=True) for t in tops if not t.skip)
    for warning in work.warnings:
        work.sink(Note(warning, "warning"))
    return Rendered(
        recipe_dir=str(work.recipe_dir),
        recipe_file=work.file,
        outputs=outputs,
        skipped=tuple(_skipped(s) for s in skipped),
        warnings=tuple(work.warnings),
        files_read=tuple(work.files_read),
        toplevel=toplevel,
        matrix=matrix,
        trails=_trails(work, made),
    )


def _trails(work: Work, made: Sequence[Made]) -> tuple[Trail, ...]:
    if not work.trails:
        return ()
    from cbw_core.render.explaining import trail_of

    return tuple(trail_of(m.state) for m in made)


def _warn_unknown(state: State) -> None:
    for found in unknown_fields(state.meta):
        place = quick_place(state, found.path)
        state.work.warn(f"{place}: {found.message}" + (f". {found.hint}" if found.hint else ""))


def _skipped(state: State) -> Skipped:
    place = quick_place(state, ("build", "skip"))
    text = f" ({place.text})" if place.text else ""
    used = used_vars(state)
    variant = {k: v for k, v in state.variant.items() if k in used}
    return Skipped(_name(state), f"build/skip is true at {place}{text}", variant)


def _name(state: State) -> str:
    try:
        return state.name()
    except CbwError:
        return ""


class _Tops:
    """Copies of top-level sections, one for each state: outputs share it."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[State, dict[str, Any]]] = {}

    def of(self, state: State) -> dict[str, Any]:
        known = self._known.get(id(state))
        if known is None:
            # holding the state keeps its id from being used again
            known = self._known[id(state)] = (state, copy(state.meta))
        return known[1]


def _output(made: Made, matrix: Matrix, final: bool, tops: _Tops, toplevel: bool = False) -> Output:
    state, declared = made.state, made.declared
    meta = _plain_meta(state)
    reqs = meta.get("requirements") or {}
    kind = state.type or PLAIN
    noarch = meta.get("build", {}).get("noarch")
    subdir = "noarch" if noarch or state.noarch_python else state.target or state.host_subdir
    script = declared.get("script")
    return Output(
        recipe_dir=str(state.work.recipe_dir),
        recipe_file=state.work.file,
        name=state.name(),
        version=state.version(),
        build_string=made.build or build_string(state),
        build_number=state.build_number(),
        subdir=subdir,
        host_subdir=_host_subdir(state),
        build_subdir=state.build_subdir,
        noarch="generic" if noarch is True else str(noarch or ("python" if state.noarch_python else "")),
        package_type="conda" if kind in (PLAIN, "conda") else str(kind),
        meta=meta,
        top=tops.of(made.top),
        variant=dict(state.variant),
        used_vars=tuple(sorted(used_vars(state))),
        hash_input=hash_contents(state),
        requirements=Requirements(
            **{k: tuple(_texts(reqs.get(k))) for k in ("build", "host", "run", "run_constrained")}
        ),
        test_requires=tuple(_texts((meta.get("test") or {}).get("requires"))),
        run_exports=_run_exports(meta),
        is_output=state.is_output,
        is_toplevel=toplevel,
        script=tuple(map(str, script)) if isinstance(script, list) else script,
        script_interpreter=declared.get("script_interpreter"),
        files=copy(declared.get("files")),
        final=final and state.final and not state.unsatisfied,
        solved=dict(state.solved) if final else {},
        siblings=tuple(state.siblings) if final else (),
        unsatisfied={env: error.message for env, error in state.unsatisfied.items()} if final else {},
        one_prefix=build_is_host(state),
        variant_files=matrix.files,
    )


def _host_subdir(state: State) -> str:
    """The platform the host environment is for; noarch outputs are built on the platform of their variant."""
    if state.host_subdir != "noarch":
        return state.host_subdir
    return str(state.variant.get("target_platform", state.build_subdir))


def _texts(value: Any) -> list[str]:
    return [str(v) for v in as_list(value) if v]


def _plain_meta(state: State) -> dict[str, Any]:
    meta: dict[str, Any] = dict(state.meta)  # nothing changes the sections any more
    source = meta.get("source")
    if "source" in meta:
        meta["source"] = [source] if isinstance(source, dict) and source else (source or [])
    return meta


def _run_exports(meta: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """build/run_exports by kind; a plain list is weak."""
    given = (meta.get("build") or {}).get("run_exports")
    if isinstance(given, dict):
        return {k: tuple(_texts(given[k])) for k in given if given[k]}
    return {"weak": tuple(_texts(given))} if given else {}
