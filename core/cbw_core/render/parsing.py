"""Rendering a recipe's text for one state and reading it: passes until all names are known (MetaData.parse_again,
parse_until_resolved)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, Place, RecipeError
from cbw_core.recipe import (
    Template,
    TemplateFailure,
    TemplateResult,
    UndefinedNames,
    copy,
    is_plain,
    load,
    names_used,
    positions,
    read_recipe,
    render,
    select,
)
from cbw_core.recipe.schema import Finding, refused
from cbw_core.render.bootstrap import bootstrap_sections
from cbw_core.render.context import Naming, names_for
from cbw_core.render.memory import Recorder
from cbw_core.render.state import State
from cbw_core.render.values import ForgivenError
from cbw_core.variants import Variant, as_list

# What conda-build forgives while rendering is not finished
FORGIVEN = (ForgivenError, UndefinedNames)


def forgivable(error: CbwError) -> bool:
    """Whether conda-build goes on after this error in a first pass."""
    return (
        isinstance(error, FORGIVEN)
        or (isinstance(error, TemplateFailure) and error.forgiven)
        or error.kind == "selector"
    )


def template_text(
    state: State,
    text: str | None = None,
    *,
    strict: bool,
    alone: bool = False,
    offline: bool = False,
    skip_build_id: bool = False,
    variant: Variant | None = None,
    package_name: str | None = None,
) -> str:
    """The recipe's text, or `text` (selected already), with its templates rendered (MetaData._get_contents).

    Raises what template functions and undefined names raise; see Naming for the options.
    """
    work = state.work
    if work.cancel:
        work.cancel.check()
    if text is None:
        template = Template(select(work.text, state.names, work.file), work.file)
    else:
        template = Template(_already_selected(text), work.file)
    naming = Naming.of(
        state,
        strict=strict,
        alone=alone,
        offline=offline,
        skip_build_id=skip_build_id,
        variant=variant,
        package_name=package_name,
    )
    if is_plain(template.text):
        state.undefined = ()
        return template.text.removesuffix("\n")
    known = _rendered(template, naming)
    if isinstance(known, CbwError):
        raise known
    state.undefined = () if strict else known.undefined
    return known.text


def _rendered(template: Template, naming: Naming) -> TemplateResult | CbwError:
    """The template's result, or the error it ends in."""
    state, work = naming.state, naming.state.work
    try:
        used = names_used(template)
    except CbwError as error:
        return error
    # `alone` and `offline` show in what functions answer
    key = (template.text, naming.strict, *naming.values(used))
    known = work.rendered.recall(key, naming.functions)
    if known is not None:
        return known
    recorder = Recorder()
    result: TemplateResult | CbwError
    try:
        result = render(
            template, naming.names(used, recorder), strict=naming.strict, namespace=state.names, on_read=work.note_read
        )
    except CbwError as error:
        result = error
    work.rendered.keep(key, recorder, result)
    return result


def _already_selected(text: str) -> Any:
    from cbw_core.recipe import Selected

    return Selected(text, range(1, text.count("\n") + 2))


def parse_again(state: State, *, strict: bool, alone: bool = False, offline: bool = False) -> None:
    """Render and read the recipe anew with what is known by now; the state's sections are replaced."""
    text = template_text(state, strict=strict, alone=alone, offline=offline)
    meta = read_sections(state, text)
    work = state.work
    for given, name, merge in (
        (work.config.render.append_file, "recipe_append.yaml", True),
        (work.config.render.clobber_file, "recipe_clobber.yaml", False),
    ):
        path = (Path(given) if Path(given).is_file() else None) if given else work.recipe_file_named(name)
        if path:
            work.note_read(path)
            more = select(read_recipe(path), state.names, str(path)).text
            merge_sections(meta, read_sections(state, more, str(path)), merge)
        elif given:
            raise RecipeError(f"there is no file {given}", kind="usage", place=Place(given))
    more_still = bootstrap_sections(work)
    if more_still:
        merge_sections(meta, more_still, True)
    state.meta = meta
    _check_features(state)
    _check_no_pip(state)


def read_sections(state: State, text: str, file: str | None = None) -> dict[str, Any]:
    """A rendered text as sections, aliases of fields put right (conda_build.metadata.parse)."""
    file = file or state.work.file
    names = state.names
    key = ("sections", text, id(names), file)  # a Work keeps its namespaces
    known = state.work.loaded.get(key)
    if known is None:
        known = state.work.loaded[key] = _read_sections(state, text, file)
    sections: dict[str, Any] = copy(known)
    return sections


def _read_sections(state: State, text: str, file: str) -> dict[str, Any]:
    selected = select(text, state.names, file)
    try:
        meta = load(selected.text, "recipe", file)
    except RecipeError as error:
        raise _placed(state, error, text, selected.lines) from None
    if meta is None:
        meta = {}
    found = refused(meta)
    if found:
        raise _refusal(state, found, file)
    for section in ("package", "source", "build", "requirements", "app", "outputs", "test", "about", "extra"):
        if section in meta and not meta[section]:
            meta[section] = {}
    _sanitize(state, meta)
    sections: dict[str, Any] = meta
    return sections


def _placed(state: State, error: RecipeError, rendered: str, lines: Sequence[int]) -> RecipeError:
    """A YAML error with its line in the recipe instead of in the rendered text."""
    place = error.place
    if not place or place.line is None or place.file != state.work.file:
        return error
    from cbw_core.recipe import line_map

    template = Template(select(state.work.text, state.names, state.work.file), state.work.file)
    try:
        names = names_for(state, strict=False, alone=True, offline=True, skip_build_id=True)
        text, numbers = line_map(template, names, namespace=state.names)
    except CbwError:
        return error
    line = lines[place.line - 1] if place.line <= len(lines) else place.line
    # a text cut off by a pass of its own cannot be told by line
    if text.count("\n") == rendered.count("\n") and line <= len(numbers):
        error.place = Place(place.file, numbers[line - 1], place.column, place.text)
    return error


def _refusal(state: State, found: Finding, file: str) -> RecipeError:
    if file != state.work.file:
        at = positions(read_recipe(Path(file))).get(found.path)
        place = Place(file, at.line, at.column) if at else Place(file)
        message = found.message.replace("the recipe", Path(file).name, 1)
        return RecipeError(message, kind="schema", place=place, hint=found.hint)
    # what was refused is no use for finding its place
    trial = State(state.work, {}, state.variant)
    return RecipeError(found.message, kind="schema", place=trial.place(found.path), hint=found.hint)


def _sanitize(state: State, meta: dict[str, Any]) -> None:
    source = meta.get("source")
    if isinstance(source, list):
        meta["source"] = [_git_revision(state, s, i) for i, s in enumerate(source) if s is not None]
    elif isinstance(source, dict):
        meta["source"] = _git_revision(state, source, None)
    for section in ("package", "build"):
        data = meta.get(section) or {}
        for key in ("version", "msvc_compiler"):
            if key in data:
                data[key] = str(data[key])


def _git_revision(state: State, source: dict[str, Any], index: int | None) -> dict[str, Any]:
    """git_rev for git_tag and git_branch; more than one of them is refused (_git_clean)."""
    keys = [k for k in ("git_rev", "git_branch", "git_tag") if k in source]
    if len(keys) > 1:
        path: tuple[str | int, ...] = ("source",) if index is None else ("source", index)
        message = f"a source has more than one git revision: {', '.join(keys)}"
        raise ForgivenError(message, kind="schema", place=state.place((*path, keys[1])), hint="Keep one of them.")
    if not keys:
        return source
    cleaned = dict(source)
    for key in ("git_branch", "git_tag"):
        if cleaned.get(key):
            cleaned["git_rev"] = cleaned[key]
        cleaned.pop(key, None)
    return cleaned


def merge_sections(base: dict[str, Any], new: dict[str, Any], merge: bool) -> None:
    """recipe_append (merge) or recipe_clobber put into a recipe's sections (conda_build.utils.merge_or_update_dict)."""
    for key, value in new.items():
        old = base.get(key, value)
        if isinstance(value, dict):
            target = old if isinstance(old, dict) else {}
            if target is not value:
                merge_sections(target, value, merge)
            base[key] = target
        elif isinstance(value, list):
            joined = isinstance(old, list) and merge and old != value
            base[key] = [*old, *value] if joined else list(old if merge and isinstance(old, list) else value)
        elif value is None and key in base:
            del base[key]
        else:
            base[key] = value


def _check_features(state: State) -> None:
    for feature in as_list(state.value("build/features")):
        if "-" in str(feature):
            raise RecipeError(
                f"the feature {feature!r} holds a '-', which is not allowed",
                kind="schema",
                place=state.place(("build", "features")),
            )


def _check_no_pip(state: State) -> None:
    for section, key in (("requirements", "build"), ("requirements", "run"), ("test", "requires")):
        if not state.meta.get(section):
            continue
        for index, item in enumerate(as_list(state.value(f"{section}/{key}"))):
            if isinstance(item, dict):
                raise RecipeError(
                    f"{section}/{key} holds a mapping: {next(iter(item), '')!r}",
                    kind="schema",
                    place=state.place((section, key, index)),
                    why="requirements are package specs; pip requirements are not supported",
                    hint="Name the conda packages.",
                )


def parse_until_resolved(state: State, *, alone: bool = False, offline: bool = False) -> None:
    """Parse leniently until no more names become known, then strictly; a skipped recipe is left as it is."""
    final = state.final
    parse_again(state, strict=False, alone=alone, offline=offline)
    state.final = final
    if state.skip:
        state.final = True
        return
    before: set[str] = set()
    while before != set(state.undefined):
        before = set(state.undefined)
        parse_again(state, strict=False, alone=alone, offline=offline)
        state.final = final
    parse_again(state, strict=True, alone=alone, offline=offline)
    state.final = final
