"""The recipe's text as one state sees it, and the variables used in it (MetaData.get_recipe_text, get_used_vars)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.recipe import read_text, sections, select
from cbw_core.recipe.patterns import any_of
from cbw_core.render.state import State
from cbw_core.render.values import PLAIN, expand_requirements
from cbw_core.variants import as_list, used_in_batch, used_in_shell, used_in_text

Part = Callable[[str], str]
# what brings other files into a template
_INCLUDING = ("include", "import", "extends")


def recipe_text(state: State, part: Part | None = None, *, top: bool = False, selectors: bool = True) -> str:
    """The text of a recipe or of an output's block, or a part of it, selectors applied unless told otherwise."""
    text = state.work.text
    if not top and state.is_output:
        text = single_output_text(state)
    names = state.names if selectors else None
    key = (text, part, id(names))  # a Work keeps its namespaces
    known = state.work.texts.get(key)
    if known is None:
        if part:
            text = part(text)
        if names:
            text = select(text, names, state.work.file).text
        known = state.work.texts[key] = text.rstrip()
    return known


def outputs_text(state: State, *, selectors: bool = True) -> str:
    return recipe_text(state, sections.outputs_text, top=True, selectors=selectors)


def requirements_text(state: State, *, top: bool = False) -> str:
    whole = recipe_text(state, top=top)
    part = sections.top_requirements if "package:" in whole else sections.output_requirements
    return recipe_text(state, part, top=top)


def package_and_build_text(state: State) -> str:
    return recipe_text(state, sections.package_and_build_text)


def single_output_text(state: State, *, selectors: bool = True) -> str:
    """The block of the output that this state is, found by its place among the rendered outputs."""
    key = (state.name(), state.type, state.names if selectors else None)
    known = state.block
    if known and known[0] is state.meta.get("outputs") and known[1] == key:
        return known[2]
    text = _single_output_text(state, selectors)
    state.block = (state.meta.get("outputs"), key, text)
    return text


def _single_output_text(state: State, selectors: bool) -> str:
    blocks = sections.output_blocks(outputs_text(state, selectors=selectors))
    outputs = state.meta.get("outputs") or [{"name": state.name()}]
    name = state.name()
    if state.meta.get("outputs") and 1 != len(blocks) != len(outputs):
        state.work.warn(
            f"the outputs of {state.work.recipe_file.name} are not each one block beginning with '- name:'; "
            "which variables they use may be taken from the wrong one"
        )
    index = None
    for place, output in enumerate(outputs):
        if output.get("name", name) == name and (not state.type or output.get("type", PLAIN) == state.type):
            index = place
            break
    if index is None:
        return name
    if not blocks:
        return ""
    if index >= len(blocks):
        raise RecipeError(
            f"the text of output {name!r} cannot be found",
            kind="schema",
            place=state.place(("outputs", index)),
            why="conda-build finds an output by its first line, '- name:' or '- type:'",
            hint="Begin every output with its name.",
        )
    return blocks[index]


def numpy_xx(state: State) -> bool:
    return sections.pins_numpy_xx(requirements_text(state))


def build_is_host(state: State) -> bool:
    """Whether build and host are one environment (MetaData.build_is_host)."""
    merge = state.value("build/merge_build_host")
    if merge is True:
        return True
    return (
        state.same_subdirs
        and merge is not False
        and "host" not in (state.meta.get("requirements") or {})
        and not sections.uses_compiler(requirements_text(state))
    )


def used_vars(state: State, *, top: bool = False, everywhere: bool = False) -> frozenset[str]:
    """The variables of the variant that this state uses.

    top: as the top level, even for an output. everywhere: anywhere in the recipe, requirements not told apart.
    As in conda-build the answer is kept by name and variant, whatever becomes of the sections later.
    """
    work = state.work
    key = (state.name(), top, everywhere, work.key_of(state.variant))
    known = work.used.get(key)
    if known is None:
        known = work.used[key] = _used_vars(state, top, everywhere)
    return known


def _used_vars(state: State, top: bool, everywhere: bool) -> frozenset[str]:
    used = set(_used_in_meta(state, top, everywhere))
    if "package:" not in recipe_text(state):
        used |= _used_in_output_script(state)
    else:
        used |= _used_in_build_scripts(state)
    if "target_platform" in state.variant and not state.noarch:
        used.add("target_platform")
    if "channel_targets" in state.variant:
        used.add("channel_targets")
    ignored, forced = as_list(state.value("build/force_ignore_keys")), as_list(state.value("build/force_use_keys"))
    return frozenset((used - set(ignored)) | set(forced))


def _texts_for_used(state: State, top: bool, everywhere: bool, selectors: bool) -> tuple[str, str]:
    """(requirements, whole text) in which variables are looked for."""
    if everywhere:
        text = recipe_text(state, top=top, selectors=selectors)
        return text, text
    if state.is_output and not top:
        text = single_output_text(state, selectors=selectors)
    else:
        text = recipe_text(state, top=top, selectors=selectors)
        text = text.replace(outputs_text(state, selectors=selectors).strip(), "")
        text += single_output_text(state, selectors=selectors)
    return sections.first_requirements(text), text


def _used_in_meta(state: State, top: bool, everywhere: bool) -> frozenset[str]:
    names = state.work.names_of(state.variant)
    _, raw = _texts_for_used(state, top, everywhere, selectors=False)
    in_selectors = used_in_text(names, raw, selectors_only=True)
    reqs, text = _texts_for_used(state, top, everywhere, selectors=True)
    used = used_in_text(names, text) | in_selectors
    if everywhere:
        return used
    in_reqs = used_in_text(names, reqs)
    return (used - in_reqs) | _without_build_only(state, in_reqs)


def _without_build_only(state: State, used: frozenset[str]) -> frozenset[str]:
    """Variables used in requirements, without those of run alone (trim_build_only_deps)."""
    reqs = expand_requirements(state.meta.get("requirements") or {})
    run = reqs.get("run", [])
    build, host = ({str(r).split()[0].replace("-", "_") for r in reqs.get(k, []) if r} for k in ("build", "host"))
    ignored = set(as_list(state.variant.get("ignore_build_only_deps", [])))

    def dropped(name: str) -> bool:
        if name in run:
            return name not in build and name not in host
        return name in build and name not in host and name in ignored

    return frozenset(n for n in used if not dropped(n))


def _used_in_build_scripts(state: State) -> frozenset[str]:
    names = tuple(state.variant)
    used: frozenset[str] = frozenset()
    work = state.work
    script = work.recipe_file_named("build.sh")
    if script:
        used |= used_in_shell(names, script_text(state, script))
    batch = work.recipe_file_named("bld.bat") if state.build_subdir.startswith("win-") else None
    if batch:
        used |= used_in_batch(names, script_text(state, batch))
    return used


def _names_script(state: State) -> bool:
    """Whether the text of an output's block can give it a script; else there is nothing to render for."""
    text = state.work.text
    blocks = sections.output_blocks(outputs_text(state, selectors=False))
    if len(blocks) not in (1, len(state.meta.get("outputs") or ())) or any(word in text for word in _INCLUDING):
        return True
    return sections.may_name_script(single_output_text(state, selectors=False))


def _plain_script(state: State) -> str | None:
    """The `script` of an output's own where it can be told from the text without rendering the outputs by themselves:
    all names are set before `package:`, and what stands behind it is there as it is written."""
    outputs = state.meta.get("outputs") or ()
    _, _, after = recipe_text(state, top=True).partition("package:")
    if not after or "package:" in after or "{%" in after:
        return None
    if len(sections.output_blocks(outputs_text(state))) != len(outputs):
        return None
    if [output.get("name") for output in outputs].count(state.name()) != 1:
        return None
    return sections.plain_script(single_output_text(state))


def _used_in_output_script(state: State) -> frozenset[str]:
    if not _names_script(state):
        return frozenset()
    script: Any = _plain_script(state)
    if script is None:
        output = state.work.output_named(state, state.name()) or {}
        if "script" not in output:
            return frozenset()
        script = output["script"]
    if not isinstance(script, str):
        raise RecipeError(
            f"the script of output {state.name()!r} should be the name of a file",
            kind="schema",
            place=state.place(("outputs",)),
            hint="Give commands in the output's build/script.",
        )
    path = state.work.recipe_dir / script
    if path.suffix not in (".sh", ".bat"):
        state.work.warn(f"variables used in the script {script} are not detected: it is neither .sh nor .bat")
        return frozenset()
    if not path.is_file():
        raise RecipeError(
            f"the script {script} of output {state.name()!r} is not there",
            kind="schema",
            place=state.place(("outputs",)),
            hint=f"Add {path.name} to the recipe's folder, or correct the name.",
        )
    find = used_in_shell if path.suffix == ".sh" else used_in_batch
    return find(tuple(state.variant), script_text(state, path))


def script_text(state: State, path: Path) -> str:
    key = ("text", str(path))
    if key not in state.work.loaded:
        state.work.note_read(path)
        state.work.loaded[key] = read_text(path).replace("\r\n", "\n")
    text: str = state.work.loaded[key]
    return text


def used_loop_vars(state: State, *, everywhere: bool = False) -> set[str]:
    """The used variables that differ between the variants this recipe was given."""
    variants = state.input_variants or state.variants
    if everywhere and len(variants) < 2:
        return set()  # nothing differs; who asks only here need not know what is used
    return variants.looping(set(used_vars(state, everywhere=everywhere)))


def uses_subpackage(state: State) -> bool:
    """Whether the top level's requirements name an output, or pin one."""
    run = state.top_and_output_reqs("run")
    for output in state.section("outputs"):
        if "name" in output:
            name = str(output["name"])
            if any(_names(name, str(r)) for r in run):
                return True
    return sections.pins_subpackage(requirements_text(state, top=True))


def _names(name: str, req: str) -> bool:
    """Whether a requirement is of that name; a name with other than letters, digits, - and _ is a pattern there."""
    if name.replace("-", "").replace("_", "").isalnum():
        return req.startswith(name) and (len(req) == len(name) or req[len(name)].isspace())
    return bool(any_of([name], "^", r"(\s|\Z|$)").match(req))
