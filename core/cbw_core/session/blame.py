"""The recipe line to blame when an environment cannot be made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.errors import CbwError, EnvironmentFailure, Place, RecipeError, Unsatisfiable

if TYPE_CHECKING:
    from cbw_core.render.output import Output
    from cbw_core.render.resolver import Resolver

_KEY = re.compile(r"^\s*(?:- )?(build|host|run|run_constrained|requires|requirements|test)\s*:")
_NAME = re.compile(r"^\s*(?:- )?name\s*:\s*(.+?)\s*(?:#.*)?$")
_TEMPLATE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FUNCTION = re.compile(r"\{\{\s*(compiler|stdlib|cdt)\(\s*['\"]([\w+-]+)['\"]")


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    section: str
    output: str


@contextmanager
def requirement_lines(output: Output | None, env: str, *, resolver: Resolver | None = None) -> Iterator[None]:
    """Give a failure to solve `env` ("build", "host" or "test") of an output, that has no place, the line of the
    requirement it blames; where that comes from run_exports or the variant, what brings it. None: there is no recipe.
    resolver: knows the run_exports of the output's packages."""
    try:
        yield
    except (EnvironmentFailure, RecipeError) as error:
        told = isinstance(error, Unsatisfiable) or error.kind == "spec"
        if told and error.place is None and output is not None and output.recipe_file:
            _blame(error, output, env, resolver)
        raise


@contextmanager
def while_rendering() -> Iterator[None]:
    """The same for an environment that rendering could not do without (pin_compatible pins on what is in it)."""
    try:
        yield
    except Unsatisfiable as error:
        if error.output is not None:
            # not the function that asked for the solution
            asked, error.place = error.place, None
            _blame(error, error.output, "host", None)
            error.place = error.place or asked
        raise


def _blame(error: CbwError, output: Output, env: str, resolver: Resolver | None) -> None:
    lines = _lines(Path(output.recipe_file))
    blamed = list(error.requirements) if isinstance(error, Unsatisfiable) else []
    if not blamed:
        specs = {"test": [*output.test_requires, *output.requirements.run]}.get(env) or getattr(
            output.requirements, env
        )
        blamed = [(env, spec) for spec in specs if spec in error.message]
    others: list[str] = []
    for section, spec in blamed:
        found, note = _line_of(output, lines, section, spec, resolver)
        if found is None:
            continue
        if note:
            error.why = f"{note} {error.why or ''}".strip()
        if error.place is None:
            name = _word(found.text, spec)
            at = found.text.find(name) if name else len(found.text) - len(found.text.lstrip())
            error.place = Place(output.recipe_file, found.number, at + 1, found.text.strip())
        elif found.number != error.place.line:
            others.append(f"{spec} is asked for at line {found.number}.")
    if others:
        error.why = " ".join([error.why or "", *others]).strip()


def _line_of(
    output: Output, lines: Sequence[_Line], section: str, spec: str, resolver: Resolver | None
) -> tuple[_Line | None, str]:
    """The line that asks for a spec, and where the spec comes from when the line does not say it."""
    name = spec.rpartition("::")[2].split()[0] if spec.strip() else ""
    if name == output.name and section == "test":
        return None, ""
    sections = ("requires", "test", "run", "requirements") if section == "test" else (section, "requirements")
    found = _best(output, lines, sections, name, spec)
    if found is not None:
        return found, _of_variant(output, found, name, spec)
    for env in ("host", "build"):
        for dist in _exporters(output, env, spec, resolver):
            exporter = dist.rsplit("-", 2)[0]
            found = _best(output, lines, (env, "requirements"), exporter, "")
            if found is not None:
                return found, f"{spec} comes from the run_exports of {dist} ({env})."
    return _best(output, lines, ("build", "host", "run", "run_constrained", "requirements", "requires"), name, spec), ""


def _best(output: Output, lines: Sequence[_Line], sections: Sequence[str], name: str, spec: str) -> _Line | None:
    """Of the lines in a section that ask for a package the one that fits best: of this output, the text alike."""
    rows = [line for line in lines if line.section in sections and _asks_for(output, line.text, name)]
    version = spec.partition(" ")[2].split()[:1]
    rank = sections.index
    rows.sort(
        key=lambda line: (
            line.output != output.name,
            rank(line.section),
            spec not in line.text,
            not any(v.removesuffix(".*") in line.text for v in version),
            line.number,
        )
    )
    return rows[0] if rows else None


def _asks_for(output: Output, text: str, name: str) -> bool:
    """Whether a line is an item that begins with a package's name, also inside `[a, b]`, quotes or a function."""
    if _word(text, name) or _word(_TEMPLATE.sub(lambda m: str(output.variant.get(m[1], m[0])), text), name):
        return True
    for function, language in _FUNCTION.findall(text):
        made = output.variant.get(f"{language}_{function}", "")
        if (made and name.startswith(f"{made}_")) or (function == "cdt" and name.startswith(f"{language}-")):
            return True
        if name in (f"{language}_{output.host_subdir}", f"sysroot_{output.host_subdir}") and function != "cdt":
            return True
    return False


def _word(text: str, spec: str) -> str:
    """The package's name as it stands in an item; "" where it does not."""
    name = spec.rpartition("::")[2].split()[0] if spec.strip() else ""
    spelt = "".join("[-_]" if letter in "-_" else re.escape(letter) for letter in name) or "(?!)"
    item = rf"^\s*-.*?(?<![\w.-])({spelt})(?![\w.-])|\[.*?(?<![\w.-])({spelt})(?![\w.-])"
    inline = rf":\s+.*?(?<![\w.-])({spelt})(?![\w.-])"
    bare = text.partition(" #")[0]
    found = re.search(f"{item}|{inline}", bare, re.I)
    if found:
        return next(group for group in found.groups() if group)
    # a name with a template in it: `- gcc_{{ target_platform }}`
    templated = re.match(r"\s*-\s+([\w.-]*\{\{[^}]*\}\}[\w.-]*)(?=\s|$)", bare)
    if templated and not _FUNCTION.search(bare):
        literal = [re.escape(part) for part in re.split(r"\{\{[^}]*\}\}", templated[1])]
        if re.fullmatch(".+".join(literal), name, re.I) and any(literal):
            return templated[1]
    return ""


def _of_variant(output: Output, line: _Line, name: str, spec: str) -> str:
    """A version that the variant gives and the line does not say: where it is set."""
    version = spec.partition(" ")[2].split()[:1]
    value = output.variant.get(name.replace("-", "_"))
    if not version or not isinstance(value, str) or version[0].removesuffix(".*") != value.split()[0]:
        return ""
    if re.search(rf"(?<![\w.]){re.escape(value.split()[0])}", line.text):
        return ""
    for file in output.variant_files:
        place = _set_in(Path(file), name.replace("-", "_"))
        if place:
            return f"The recipe says {name}; {version[0]} is the variant's, set in {place}."
    return f"The recipe says {name}; {version[0]} is the variant's."


def _set_in(file: Path, key: str) -> str:
    try:
        rows = file.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    number = next((n for n, row in enumerate(rows, 1) if re.match(rf"\s*{re.escape(key)}\s*:", row)), None)
    return f"{file.name}:{number}" if number else ""


def _exporters(output: Output, env: str, spec: str, resolver: Resolver | None) -> list[str]:
    """The packages of a solved environment that export a spec."""
    named = {s.split()[0].lower() for s in getattr(output.requirements, env) if s.strip()}
    packages = [p for p in output.solved.get(env, ()) if p.name in named and (p.url or p.run_exports is not None)]
    if resolver is None or not packages:
        return []
    try:
        exports = resolver.run_exports(packages)
    except CbwError:
        return []  # the failure to tell of is another one
    name = spec.split()[0]
    given = {dist: [s for specs in kinds.values() for s in specs] for dist, kinds in exports.items()}
    exact = [dist for dist, specs in given.items() if spec in specs]
    return exact or [dist for dist, specs in given.items() if any(s.split()[0] == name for s in specs)]


def _lines(file: Path) -> list[_Line]:
    """The recipe's lines with the section and the output they stand in."""
    try:
        texts = file.read_text(errors="replace").splitlines()
    except OSError:
        return []
    found: list[_Line] = []
    # the key whose items these are, with its indent, and that of the `requirements:` it stands under
    section, depth, outer, output = "", 0, -1, ""
    for number, text in enumerate(texts, 1):
        indent, bare = len(text) - len(text.lstrip()), text.lstrip()
        if bare and not bare.startswith(("#", "{%")):
            item = bare.startswith("-") and indent >= depth
            if not item and indent <= outer:
                outer = -1
            if not item and indent <= depth:
                section = ""
            key = _KEY.match(text)
            if key and (key[1] in ("requirements", "requires", "test") or indent > outer >= 0):
                section, depth = key[1], indent
                outer = indent if key[1] == "requirements" else outer
            elif (name := _NAME.match(text)) and section in ("", "test"):
                output = name[1].strip("'\"")
        found.append(_Line(number, text, section, output))
    return found
