"""A recipe's text rendered as a Jinja template, and errors in it with their places."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from cbw_core.errors import CbwError, Place, RecipeError
from cbw_core.recipe.budget import TooMuch
from cbw_core.recipe.sandbox import MARK, compiled, environment_for
from cbw_core.recipe.selectors import Namespace, Selected

if TYPE_CHECKING:
    import jinja2

_MARKER = re.compile(rf"{MARK}(\d+){MARK}")
# Characters of a rendered recipe; the largest known has 60,000
MAX_RENDERED = 2_000_000


@dataclass(frozen=True)
class Template:
    """A text to render: what selection left of `file`, and a way back to its lines (Selected.lines)."""

    selected: Selected
    file: str

    @property
    def text(self) -> str:
        return self.selected.text


@dataclass(frozen=True)
class TemplateResult:
    """text: what the template gave; undefined: names that were used and are not defined (lenient rendering only)."""

    text: str
    undefined: tuple[str, ...] = ()


class UndefinedNames(RecipeError):
    """Names that a strict rendering found undefined, all of them. conda-build forgives this in a first pass."""

    def __init__(self, names: tuple[str, ...], places: tuple[Place, ...], file: str) -> None:
        listed = ", ".join(repr(n) for n in names)
        super().__init__(
            f"{listed} {'is' if len(names) == 1 else 'are'} undefined in {file.rsplit('/', 1)[-1]}",
            kind="jinja",
            place=places[0] if places else Place(file),
            why="a name is defined by {% set %}, by a variant (conda_build_config.yaml) or by the environment",
            hint="Define it in a conda_build_config.yaml, with --variants, or with {% set name = ... %} above its use.",
            details="\n".join(str(p) + (f"  {p.text}" if p.text else "") for p in places) or None,
        )
        self.names = names
        self.places = places


class TemplateFailure(RecipeError):
    """Any other failure of a template. `forgiven`: jinja2.TemplateError, which conda-build forgives in a first pass."""

    forgiven = False


def is_plain(text: str) -> bool:
    """Whether a text holds no template at all: rendering gives the text, less one line's end at its end."""
    return not any(mark in text for mark in ("{{", "{%", "{#"))


def names_used(template: Template) -> frozenset[str] | None:
    """The names that a template looks up; None where it includes others, which may look up any.

    Raises TemplateFailure for a template that cannot be read.
    """
    try:
        return compiled(template.text, False).names
    except Exception as error:
        raise _failure(error, template, {}, Namespace({}), True) from None


def render(
    template: Template,
    names: Mapping[str, Any],
    *,
    strict: bool,
    namespace: Namespace,
    on_read: Callable[[Path], None] | None = None,
) -> TemplateResult:
    """Render a template with `names` as globals; files it includes come from its folder, selectors applied.

    strict: undefined names are an error (all at once), else they are empty text and told in the result.
    Raises UndefinedNames, TemplateFailure (with the place in the template's file), and CbwErrors that functions raise.
    """
    undefined: list[str] = []
    environment = environment_for(template.file, names, namespace, on_read, undefined, lenient=not strict)
    try:
        text = _run(environment, template, compiled(template.text, False).code)
    except CbwError as error:
        # of a function: its place is that of the call, where it knows no better
        if error.place is None or (error.place.file == template.file and error.place.line is None):
            line = _line_of(error)
            error.place = _place(template, line) if line else error.place or Place(template.file)
        raise
    except Exception as error:  # whatever a template's expressions raise
        raise _failure(error, template, names, namespace, strict) from None
    return TemplateResult(text, tuple(dict.fromkeys(undefined)))


def line_map(template: Template, names: Mapping[str, Any], *, namespace: Namespace) -> tuple[str, tuple[int, ...]]:
    """A lenient rendering, and for each of its lines the line number in the template's file.

    Done by rendering once more with marks in the text, so it costs nothing until a place is asked for.
    """
    environment = environment_for(template.file, names, namespace, None, [], lenient=True)
    try:
        marked = _run(environment, template, compiled(template.text, True).code)
    except Exception:  # places are best effort: without them an error names the file
        return "", ()
    numbers: list[int] = []
    lines: list[str] = []
    current = 1
    for line in marked.split("\n"):
        found = _MARKER.findall(line)
        if found:
            current = int(found[0])
        lines.append(_MARKER.sub("", line))
        numbers.append(template.selected.original(current))
        if found:
            current = int(found[-1])
    return "\n".join(lines), tuple(numbers)


def _run(environment: jinja2.Environment, template: Template, code: CodeType) -> str:
    import jinja2

    made = jinja2.Template.from_code(environment, code, environment.globals)
    pieces: list[str] = []
    length = 0
    context = made.new_context()
    try:
        for piece in made.root_render_func(context):
            length += len(piece)
            if length > MAX_RENDERED:
                raise TooMuch(f"the rendered text is longer than {MAX_RENDERED:,} characters")
            pieces.append(piece)
    except Exception:
        environment.handle_exception()
    return "".join(pieces)


def _failure(
    error: Exception, template: Template, names: Mapping[str, Any], namespace: Namespace, strict: bool
) -> RecipeError:
    import jinja2

    line = getattr(error, "lineno", None) if isinstance(error, jinja2.TemplateSyntaxError) else _line_of(error)
    file = template.file
    place = _place(template, line)
    if isinstance(error, jinja2.TemplateSyntaxError) and error.filename not in (None, "<recipe>"):
        place = Place(str(error.filename), error.lineno)
    if isinstance(error, jinja2.UndefinedError) and strict:
        found = _all_undefined(template, names, namespace)
        name = re.search(r"'([^']+)' is undefined", str(error))
        if name and name[1] not in found:
            found = (name[1], *found)
        if found:
            return UndefinedNames(found, _places_of(template, found) or (place,), file)
    if isinstance(error, TooMuch):
        return TemplateFailure(
            f"the template in {place.file.rsplit('/', 1)[-1]} is refused: {error}",
            kind="jinja",
            place=place,
            hint="Make the text with fewer or shorter steps.",
        )
    failure = TemplateFailure(
        f"the template in {place.file.rsplit('/', 1)[-1]} cannot be rendered: {_words(error)}",
        kind="jinja",
        place=place,
        hint=_hint(error),
    )
    security = isinstance(error, jinja2.exceptions.SecurityError)
    failure.forgiven = isinstance(error, jinja2.TemplateError) and not security
    return failure


def _words(error: Exception) -> str:
    text = str(error) or type(error).__name__
    if isinstance(error, RecursionError):
        return "it is nested too deeply, or calls itself without end"
    if isinstance(error, MemoryError):
        return "it needs too much memory"
    if type(error).__name__ == "TemplateNotFound":
        return f"there is no file {text!r} in the recipe's folder"
    if isinstance(error, TypeError) and "NoneType" in text:
        return f"{text} (an attribute of an undefined name is None)"
    return text if type(error).__module__.startswith("jinja2") else f"{type(error).__name__}: {text}"


def _hint(error: Exception) -> str:
    import jinja2

    if isinstance(error, TypeError) and "NoneType" in str(error):
        return "Define the name before its use, or give it a default: {{ (name or '') }}."
    if type(error).__name__ == "SecurityError":
        return "Templates may not look into Python's own objects: remove the expression."
    if type(error).__name__ == "TemplateNotFound":
        return "Templates are included by their path below the recipe's folder."
    if isinstance(error, jinja2.TemplateSyntaxError):
        return "Statements are written {% ... %}, and ended (endif, endfor, endmacro); expressions {{ ... }}."
    if isinstance(error, RecursionError):
        return "Take the expression apart, or let the recursion end."
    return "Correct the expression on this line."


def _line_of(error: Exception) -> int | None:
    from jinja2.nodes import Node
    from jinja2.parser import Parser

    line: int | None = None
    compiled_at: int | None = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<recipe>":
            line = trace.tb_lineno
        # while it is read or compiled, Jinja2 holds the node it is at; others' objects are not to be touched
        node, owner = (trace.tb_frame.f_locals.get(name) for name in ("node", "self"))
        if isinstance(node, Node):
            compiled_at = node.lineno or compiled_at
        elif isinstance(owner, Parser):
            compiled_at = owner.stream.current.lineno
        trace = trace.tb_next
    return line or compiled_at


def _place(template: Template, line: int | None) -> Place:
    if line is None:
        return Place(template.file)
    lines = template.text.splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    brace = re.search(r"\{[{%]", text)
    column = brace.start() + 1 if brace else len(text) - len(text.lstrip()) + 1
    return Place(template.file, template.selected.original(line), column, text.strip() or None)


def _all_undefined(template: Template, names: Mapping[str, Any], namespace: Namespace) -> tuple[str, ...]:
    try:
        return render(template, names, strict=False, namespace=namespace).undefined
    except CbwError:
        return ()


def _places_of(template: Template, names: tuple[str, ...]) -> tuple[Place, ...]:
    places: list[Place] = []
    for name in names:
        word = re.compile(rf"(?<![\w.'\"]){re.escape(name)}(?![\w'\"])")
        for number, line in enumerate(template.text.splitlines(), 1):
            inside = any(word.search(part) for part in re.findall(r"\{[{%].*?[}%]\}", line))
            found = word.search(line) if inside else None
            if found:
                places.append(Place(template.file, template.selected.original(number), found.start() + 1, line.strip()))
                break
    return tuple(places)
