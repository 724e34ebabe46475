"""Where a state uses its variables, line by line; and of a variable it does not use, why not. For explaining: `texts`
decides what is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cbw_core.errors import CbwError, Place
from cbw_core.recipe import Located, place_in, sections, selectors_of
from cbw_core.render.outputs import rendered_output
from cbw_core.render.state import State
from cbw_core.render.texts import outputs_text, recipe_text, script_text, single_output_text, used_vars
from cbw_core.render.trail import Unused, Use
from cbw_core.variants import Match, as_list, matches_in_script, matches_in_text

SETTINGS = frozenset({"pin_run_as_build", "zip_keys", "extend_keys", "ignore_version", "ignore_build_only_deps"})
_SYSROOT = "CONDA_BUILD_SYSROOT"
_IMPLY_SYSROOT = ("c_stdlib", "c_compiler", "cxx_compiler")
_KEY = re.compile(r"^(\s*)((?:-\s+)*)(?:\"|')?([A-Za-z_][\w-]*)(?:\"|')?\s*:")


def uses_of(state: State) -> tuple[Use, ...]:
    """Every place that makes one of the state's used variables used, by variable."""
    used = sorted(used_vars(state))
    names = tuple(used)
    found: dict[str, list[Use]] = {name: [] for name in used}
    for match, use in [*_in_recipe(state, names), *_in_scripts(state, names)]:
        found[match.name].append(use)
    forced = [str(k) for k in as_list(state.value("build/force_use_keys"))]
    for index, name in enumerate(forced):
        if name in found:
            place = state.place(("build", "force_use_keys", index))
            found[name] = [u for u in found[name] if u.section != "build/force_use_keys"]
            found[name].append(Use(name, "forced", place, "build/force_use_keys"))
    for name in ("target_platform", "channel_targets"):
        if name in found:
            found[name].append(Use(name, "always", None, ""))
    if not found.get(_SYSROOT, True):
        for name in _IMPLY_SYSROOT:
            found[_SYSROOT] += [Use(_SYSROOT, "implied", u.place, u.section, name) for u in found.get(name, [])]
    return tuple(use for name in used for use in found[name])


def unused_of(state: State) -> tuple[Unused, ...]:
    """For each key of the variant that the state does not use, the nearest it comes to being used."""
    used = used_vars(state)
    names = tuple(sorted(k for k in state.variant if k not in used))
    ignored = [str(k) for k in as_list(state.value("build/force_ignore_keys"))]
    seen: dict[str, list[Use]] = {name: [] for name in names}
    for match, use in [*_in_recipe(state, names), *_in_scripts(state, names)]:
        seen[match.name].append(use)
    elsewhere = _anywhere(state, names)
    scripts = _scripts(state)
    found = []
    for name in names:
        if name in SETTINGS or name in as_list(state.variant.get("extend_keys")):
            found.append(Unused(name, "setting"))
        elif name == "target_platform" and state.noarch:
            found.append(Unused(name, "noarch", state.place(("build", "noarch"))))
        elif name in ignored:
            place = state.place(("build", "force_ignore_keys", ignored.index(name)))
            found.append(Unused(name, "ignored", place))
        elif seen[name]:
            found.append(_trimmed(name, seen[name]))
        else:
            found.append(elsewhere.get(name) or _mentioned(state, name, scripts) or Unused(name, "not named"))
    return tuple(found)


def _trimmed(name: str, uses: list[Use]) -> Unused:
    """Named in requirements, and yet not used (trim_build_only_deps)."""
    parts = {u.section.rsplit("/", 1)[-1] for u in uses}
    run = next((u for u in uses if u.section.endswith("/run")), None)
    if run and not parts & {"build", "host"}:
        return Unused(name, "run only", run.place)
    build = next((u for u in uses if u.section.endswith("/build")), uses[0])
    return Unused(name, "build only", build.place)


def _anywhere(state: State, names: tuple[str, ...]) -> dict[str, Unused]:
    """Names that count as used in a line that a selector drops, or in another part of the recipe."""
    text = state.work.text
    whole = Located.of(text)
    kept = {position[0] for position in _lines_of(whole.selected(state.names, state.work.file))}
    selectors = dict(selectors_of(text))
    found: dict[str, Unused] = {}
    for match in [*matches_in_text(names, text, True), *matches_in_text(names, _without_selectors(text))]:
        position = whole.position(match.offset)
        if position is None:
            continue
        place = place_in(state.work.file, text, position)
        if position[0] in kept or match.how == "selector":
            found.setdefault(match.name, Unused(match.name, "other output", place))
        elif position[0] in selectors:
            found[match.name] = Unused(match.name, "selected out", place, f"[{selectors[position[0]]}]")
    return found


def _lines_of(located: Located) -> Iterable[tuple[int, int]]:
    offset = 0
    for line in located.text.splitlines(keepends=True):
        position = located.position(offset)
        if position and line.strip():
            yield position
        offset += len(line)


def _without_selectors(text: str) -> str:
    """The text with its comments made blank, lines and columns as they were."""

    def blank(line: str) -> str:
        if line.lstrip().startswith("#"):
            return " " * len(line)
        found = re.search(r"\s#.*$", line)
        # the pattern of a list item wants its line to end there
        return line[: found.start()].rstrip().ljust(len(line)) if found else line

    return "\n".join(blank(line) for line in text.splitlines())


def _mentioned(state: State, name: str, scripts: Sequence[tuple[Path, str]]) -> Unused | None:
    """The name stands in recipe or script, in a form that conda-build does not take for a use."""
    text = state.work.text
    here = name in text.replace("-", "_")
    if not here and not any(name in script for _, script in scripts):
        return None
    word = re.compile(rf"(?<![\w-]){'[-_]'.join(map(re.escape, name.split('_')))}(?![\w-])")
    for number, line in enumerate(text.splitlines() if here else (), 1):
        match = word.search(line)
        if match is None or line.lstrip().startswith("#") or f"[{name}" in line.replace(" ", ""):
            continue
        place = place_in(state.work.file, text, (number, match.start() + 1))
        if re.match(rf"\s*-\s+['\"]?{word.pattern}['\"]?\s*[<>=!~*\d]", line):
            return Unused(name, "own version", place)
        if not re.search(r"\s#", line[: match.start()]):
            return Unused(name, "mentioned", place)
    for path, script in scripts:
        match = re.search(rf"[$%]\{{?{re.escape(name)}\b", script)
        if match:
            at = match.start() + match[0].find(name)
            position = (script.count("\n", 0, at) + 1, at - (script.rfind("\n", 0, at) + 1) + 1)
            return Unused(name, "unseen in script", place_in(str(path), script, position))
    return None


# --- the recipe


def _in_recipe(state: State, names: tuple[str, ...]) -> list[tuple[Match, Use]]:
    raw, selected = _searched(state, selectors=False), _searched(state, selectors=True)
    found = [(m, raw) for m in matches_in_text(names, raw.text, True)]
    found += [(m, selected) for m in matches_in_text(names, selected.text)]
    text = state.work.text
    lines = text.splitlines()
    uses: dict[tuple[str, str, Any], tuple[Match, Use]] = {}
    for match, located in found:
        position = located.position(match.offset)
        place = place_in(state.work.file, text, position)
        section = section_at(lines, position[0]) if position else ""
        use = Use(match.name, _how(match, section, place), place, section)
        uses.setdefault((use.name, use.how, position), (match, use))
    return list(uses.values())


def _how(match: Match, section: str, place: Place) -> str:
    if match.how == "item" and section.startswith("requirements"):
        return "requirement"
    if match.how == "expression" and place.text:
        called = re.search(r"\{\{\s*(pin_compatible|pin_subpackage)\s*\(", place.text)
        return called[1] if called else match.how
    return match.how


def _searched(state: State, *, selectors: bool) -> Located:
    """The text in which the state's variables are looked for (texts._texts_for_used), with its lines."""
    whole = Located.of(state.work.text)
    outputs = sections.outputs_text(whole.text)
    start = whole.text.find(outputs) if outputs else len(whole.text)
    part = whole.cut(start, start + len(outputs))
    if selectors:
        file = state.work.file
        whole, part = whole.selected(state.names, file), part.selected(state.names, file)
    block = _block(part.rstrip(), single_output_text(state, selectors=selectors))
    if state.is_output:
        return block
    expected = outputs_text(state, selectors=selectors).strip()
    top = whole.rstrip()
    at = top.text.find(expected) if expected else -1
    if at >= 0:
        top = top.without(at, at + len(expected))
    return top + block


def _block(outputs: Located, text: str) -> Located:
    """The block of one output, found among all of them in order."""
    if not text:
        return Located(())
    end = 0
    for block in sections.output_blocks(outputs.text):
        start = outputs.text.find(block, end)
        end = start + len(block)
        if block == text:
            return outputs.cut(start, end)
    return Located.nowhere(text)


def section_at(lines: list[str], number: int) -> str:
    """The keys that a line stands under, as a path ("requirements/host"); an output's begin with its own sections.

    lines: of the file, number: from 1. The line's own key is not part of the path.
    """
    line = lines[number - 1] if number <= len(lines) else ""
    indent = len(line) - len(line.lstrip())
    item = line.lstrip().startswith("- ")
    keys: list[str] = []
    for above in reversed(lines[: number - 1]):
        match = _KEY.match(above)
        if not match or above.lstrip().startswith("#"):
            continue
        at = len(match[1])
        listed = bool(match[2])
        if at < indent or (at == indent and item and not listed):
            if not listed or len(match[1]) + len(match[2]) < indent:
                keys.insert(0, match[3])
            indent, item = at, listed
            if indent == 0 and not item:
                break
    return "/".join(key for key in keys if key != "outputs")


# --- scripts


def _in_scripts(state: State, names: tuple[str, ...]) -> list[tuple[Match, Use]]:
    found = []
    for path, text in _scripts(state):
        located = Located.of(text)
        for match in matches_in_script(names, text, batch=path.suffix == ".bat"):
            place = place_in(str(path), text, located.position(match.offset))
            found.append((match, Use(match.name, "script", place, "")))
    return found


def _scripts(state: State) -> list[tuple[Path, str]]:
    """The scripts searched for variables: of the top level build.sh and bld.bat, of an output its `script`."""
    folder = state.work.recipe_dir
    if "package:" in recipe_text(state):
        paths = [folder / "build.sh"]
        if state.build_subdir.startswith("win-"):
            paths.append(folder / "bld.bat")
    else:
        try:
            script = (rendered_output(state, state.name(), permissive=True) or {}).get("script")
        except CbwError:
            script = None
        paths = [folder / script] if isinstance(script, str) and script.endswith((".sh", ".bat")) else []
    return [(path, script_text(state, path)) for path in paths if path.is_file()]
