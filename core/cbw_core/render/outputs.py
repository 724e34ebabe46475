"""A state split into the outputs its recipe declares (MetaData.get_output_metadata and what it stands on)."""

from __future__ import annotations

import re
from typing import Any

from cbw_core.errors import CbwError, RecipeError
from cbw_core.recipe import copy, load, sections
from cbw_core.render.others import Key, Others
from cbw_core.render.parsing import forgivable, parse_until_resolved, template_text
from cbw_core.render.specs import SpecError, parse_spec, with_star
from cbw_core.render.state import State
from cbw_core.render.texts import outputs_text, recipe_text, used_loop_vars, used_vars, uses_subpackage
from cbw_core.render.values import PLAIN, expand_requirements, freeze
from cbw_core.variants import Variant, as_list, explode, zip_groups

# the largest recipe known has 140
MAX_OUTPUTS = 500

OutputDict = dict[str, Any]
Pair = tuple[OutputDict, State]

_XX = re.compile(r"([0-9a-zA-Z\.\-\_]+)\s+x\.x")


def declared_outputs(state: State, outputs: Any = None) -> list[OutputDict]:
    """The outputs a recipe declares; the recipe itself where it declares none. A recipe whose own requirements name
    an output gets a metapackage of its own (get_output_dicts_from_metadata)."""
    listed = outputs or list(state.section("outputs"))
    if isinstance(listed, dict) or not all(isinstance(o, dict) for o in listed):
        raise RecipeError(
            "outputs should be a list of mappings",
            kind="schema",
            place=state.place(("outputs",)),
            hint="Write  - name: ...  for each output.",
        )
    if len(listed) > MAX_OUTPUTS:
        raise RecipeError(
            f"the recipe has {len(listed):,} outputs; {MAX_OUTPUTS:,} are allowed",
            kind="schema",
            place=state.place(("outputs",)),
            hint="Split the recipe.",
        )
    if not listed:
        listed = [{"name": state.name()}]
    elif uses_subpackage(state) and not any(state.name() == o.get("name", "") for o in listed):
        listed.append({"name": state.name()})
    for output in listed:
        if output.get("name") == state.name() and "package:" in recipe_text(state):
            share_top_level(state, output)
    return listed


def share_top_level(state: State, output: OutputDict) -> None:
    """The top level and the output named like it have requirements, build and about in common, the output's first
    (combine_top_level_metadata_with_output)."""
    for section in ("requirements", "build", "about"):
        own = output.get(section) or {}
        if section == "requirements":
            own = expand_requirements(output.get(section) or {})
        for key, value in (state.meta.get(section) or {}).items():
            own.setdefault(key, value)
        output[section] = own
        state.meta[section] = own


def rendered_outputs(state: State, *, permissive: bool, variant: Variant | None = None) -> list[OutputDict]:
    """The outputs section rendered anew by itself, under what the recipe sets before `package:`
    (get_rendered_outputs_section). Unlike in a recipe as a whole, numbers are numbers here."""
    data = load(_outputs_alone(state, permissive, variant), "safe", state.work.file)
    found = data.get("outputs", []) if isinstance(data, dict) else []
    return declared_outputs(state, found)


def _outputs_alone(state: State, permissive: bool, variant: Variant | None) -> str:
    before = recipe_text(state, sections.before_package, top=True)
    text = f"{before}\n{outputs_text(state)}".rstrip()
    return template_text(state, text, strict=not permissive, alone=permissive, variant=variant)


def shared_output(state: State, name: str) -> OutputDict | None:
    """As rendered_output, permissive, but made once for the same text: not to be changed."""
    text = _outputs_alone(state, True, None)
    known = state.work.loaded.get(("outputs", text))
    if known is None:
        data = load(text, "safe", state.work.file)
        found = data.get("outputs", []) if isinstance(data, dict) else []
        # of several by one name the first counts
        known = {o.get("name"): o for o in reversed(declared_outputs(state, found))}
        state.work.loaded[("outputs", text)] = known
    output: OutputDict | None = known.get(name)
    return output


def rendered_output(state: State, name: str, *, permissive: bool, variant: Variant | None = None) -> OutputDict | None:
    """The output of a name, rendered anew; None where there is none."""
    return next(
        (o for o in rendered_outputs(state, permissive=permissive, variant=variant) if o.get("name") == name), None
    )


def insert_versions(reqs: dict[str, list[Any]], variant: Variant, kind: str) -> None:
    """Put the variant's versions to requirements that name a variable and no version, in place
    (conda_build.utils.insert_variant_versions)."""
    known = [*as_list(reqs.get("build")), *as_list(reqs.get("host"))]
    listed = as_list(reqs.get(kind))
    for index, req in enumerate(listed):
        if not isinstance(req, str):
            continue
        bare = req.rstrip()
        match = _XX.match(req)
        if match:
            version = variant.get(match[1])
            if version is None:
                raise RecipeError(
                    f"{req!r} asks for the variant's version of {match[1]}, which has none",
                    kind="variant",
                    hint=f"Give {match[1]} a value in conda_build_config.yaml.",
                )
            listed[index] = with_star(f"{match[1]} {version}")
            continue
        value = _variant_value(variant, bare)
        if value is not None and (kind in ("build", "host") or bare in known):
            listed[index] = with_star(f"{bare} {value}")
    if listed:
        reqs[kind] = listed


def _variant_value(variant: Variant, name: str) -> str | None:
    """The variant's value for a package name; - and _ are alike."""
    key = name.replace("-", "_")
    for candidate in (key, name):
        if candidate in variant:
            value = variant[candidate]
            return value if isinstance(value, str) else str(as_list(value)[0]) if as_list(value) else None
    return None


def output_state(state: State, output: OutputDict) -> State:
    """The state of one output, from the recipe's (MetaData.get_output_metadata)."""
    made = state.copied()
    made.type = output.get("type", PLAIN)
    if output.get("name") == state.name():
        return made
    reqs = expand_requirements(output.get("requirements") or {})
    if output.get("target"):
        made.target = str(output["target"])
    _own_sections(state, made, output)
    made.meta["requirements"] = _own_requirements(reqs, output)
    made.meta["package"]["version"] = output.get("version") or state.version()
    made.final = False
    made.set_noarch(output.get("noarch", False), output.get("noarch_python", False))
    made.meta["build"]["python_version_independent"] = bool(
        output.get("python_version_independent") or made.noarch == "python" or made.noarch_python
    )
    build = made.meta["build"]
    for key in ("number", "string"):
        if key in output:
            build[key] = output[key]
    for key in ("run_exports", "track_features", "features"):
        if output.get(key):
            build[key] = output[key]
    if "build" in output:
        # shared with the output, as it is in conda-build
        own = output["build"]
        build = {} if own is None else own
        if "number" not in build:
            build["number"] = output.get("number", made.build_number())
    made.meta["build"] = build
    for section in ("test", "about"):
        if section in output:
            made.meta[section] = output[section]
    _add_parent(state, made)
    return made


def _own_sections(state: State, made: State, output: OutputDict) -> None:
    """An output does not repeat the recipe's tests, entry points, run_exports and script
    (reconcile_metadata_with_output_dict)."""
    made.meta.setdefault("package", {})
    if not made.meta["package"]:
        made.meta["package"] = {}
    made.meta["package"]["name"] = output.get("name", state.name())
    test = made.meta.get("test") or {}
    for key in ("commands", "imports"):
        test.pop(key, None)
    build = made.meta.get("build") or {}
    for key in ("entry_points", "run_exports", "script"):
        if key in output:
            build[key] = output[key]
        else:
            build.pop(key, None)
    made.meta["build"] = build


def _own_requirements(reqs: dict[str, list[Any]], output: OutputDict) -> dict[str, Any]:
    if "name" in output:
        name = str(output["name"])
        for kind in ("build", "host", "run"):
            if reqs.get(kind):
                reqs = {**reqs, kind: [r for r in reqs[kind] if not _is(r, name)]}
    own = {k: reqs[k] for k in ("build", "host", "run", "run_constrained") if reqs.get(k)}
    own.update((k, v) for k, v in reqs.items() if k not in ("build", "host", "run", "run_constrained"))
    return copy(own)  # type: ignore[no-any-return]


def _is(req: Any, name: str) -> bool:
    text = str(req)
    return text == name or (text.startswith(name) and text[len(name)].isspace())


def _add_parent(state: State, made: State) -> None:
    """Every output of a state shares its `extra`, as it does in conda-build: one that becomes final makes all so."""
    extra = state.meta.setdefault("extra", {})
    extra["parent_recipe"] = {
        "path": str(state.work.recipe_dir),
        "name": state.name(),
        "version": state.version(),
    }
    made.meta["extra"] = extra


def reduced_variants(state: State, used: set[str]) -> list[Variant]:
    """The variants with every variable that is not used (nor zipped with one that is) at one value
    (get_reduced_variant_set)."""
    if len(state.variants) == 1:
        return [state.variants[0]]
    spec = state.variants.squashed()
    groups = [g for g in zip_groups({"zip_keys": state.variant.get("zip_keys")}) if set(g) & used]
    grouped = {k for g in groups for k in g}
    extend = set(as_list(spec.get("extend_keys")))
    for key in state.variants.several():
        if key not in used and key not in grouped and key not in extend and key != "zip_keys":
            spec[key] = spec[key][:1]
    return explode(spec)


def key_of(state: State) -> Key:
    """What tells an output apart: its name and the values of the variables it uses."""
    return (state.name(), tuple((k, freeze(state.variant[k])) for k in sorted(used_vars(state)) if k in state.variant))


def split(state: State, *, permissive: bool) -> tuple[list[Pair], State]:
    """(all outputs of a state for each of its variants, the last recipe state they came from).

    permissive: names may stay undefined.
    """
    pairs: list[Pair] = []
    known = Others()
    used = used_loop_vars(state, everywhere=True)
    top = state
    for variant in reduced_variants(state, used) or list(state.variants[:1]):
        top = state.copied()
        top.variant = variant
        try:
            parse_until_resolved(top, alone=True, offline=True)
        except CbwError as error:
            if not forgivable(error):
                raise
        outputs = declared_outputs(top)
        try:
            for output in outputs:
                reqs = output.get("requirements")
                if reqs:
                    expanded = expand_requirements(reqs)
                    for kind in ("build", "host", "run"):
                        insert_versions(expanded, variant, kind)
                    output["requirements"] = expanded
                made = output_state(top, output)
                known[key_of(made)] = (output, made)
                pairs.append((output, made))
                top.others = made.others = known
        except CbwError as error:
            if not permissive or not forgivable(error):
                raise
            pairs = []
    if not pairs:
        raise RecipeError(
            f"{state.work.recipe_file.name} has no outputs", kind="schema", place=state.place(("outputs",))
        )
    return pairs, top


def check_run_constrained(pairs: list[Pair]) -> None:
    """Refuse run_constrained entries that are not specs, all at once (_check_run_constrained)."""
    problems: list[str] = []
    first: tuple[State, int] | None = None
    for _, state in pairs:
        listed = (state.meta.get("requirements") or {}).get("run_constrained") or []
        for index, req in enumerate(listed):
            if "{{" in str(req):
                continue
            try:
                parse_spec(req)
            except SpecError as error:
                problems.append(f"{state.name()}: {req}: {error}")
                first = first or (state, index)
    if first:
        state, index = first
        raise RecipeError(
            f"requirements/run_constrained of {state.name()} has an invalid spec: {problems[0].split(': ', 1)[1]}",
            kind="schema",
            place=state.place(("requirements", "run_constrained", index)),
            hint="Write a name with a version or range: zlib >=1.2,<2.",
            details="\n".join(problems[1:]) or None,
        )
