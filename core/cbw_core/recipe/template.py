"""Jinja templates, sandboxed: no attribute escapes, no endless loops, no output without end.

Templates get copies of our data, so changing what they got (`{% set _ = names.append("x") %}`, found in the wild) is
allowed. Every loop step and every call counts against a budget, and no string may grow past a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from cbw_core.errors import CbwError, Place, RecipeError
from cbw_core.recipe.selectors import Namespace, Selected, select

if TYPE_CHECKING:
    import jinja2

MAX_STEPS = 300_000
MAX_LENGTH = 5_000_000
MAX_ITEMS = 200_000
# In the Private Use Areas: never in a recipe
_MARK = "\U000f0c0d"
_MARKER = re.compile(f"{_MARK}(\\d+){_MARK}")


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
    environment = _environment(template.file, names, namespace, on_read, undefined, lenient=not strict)
    try:
        text = _run(environment, template, _code(template.text, False))
    except CbwError:
        raise
    except Exception as error:  # whatever a template's expressions raise
        raise _failure(error, template, names, namespace, strict) from None
    return TemplateResult(text, tuple(dict.fromkeys(undefined)))


def line_map(template: Template, names: Mapping[str, Any], *, namespace: Namespace) -> tuple[str, tuple[int, ...]]:
    """A lenient rendering, and for each of its lines the line number in the template's file.

    Done by rendering once more with marks in the text, so it costs nothing until a place is asked for.
    """
    environment = _environment(template.file, names, namespace, None, [], lenient=True)
    try:
        marked = _run(environment, template, _code(template.text, True))
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

    made = jinja2.Template.from_code(environment, code, environment.make_globals(None))
    pieces: list[str] = []
    length = 0
    context = made.new_context({"environment": environment.globals.get("environment")})
    try:
        for piece in made.root_render_func(context):
            length += len(piece)
            if length > MAX_LENGTH:
                raise _TooMuch(f"the rendered text is longer than {MAX_LENGTH:,} characters")
            pieces.append(piece)
    except Exception:
        environment.handle_exception()
    return "".join(pieces)


class _TooMuch(Exception):
    pass


@lru_cache(maxsize=512)
def _code(text: str, marked: bool) -> CodeType:
    """The compiled template. Code does not depend on names, so it is compiled once for each text."""
    environment = _sandbox()(extensions=[_marker()] if marked else [])
    code = environment.compile(text, name="meta.yaml", filename="<recipe>")
    assert isinstance(code, CodeType)
    return code


@lru_cache(maxsize=1)
def _marker() -> Any:
    from jinja2.ext import Extension
    from jinja2.lexer import Token, TokenStream

    class LineMarker(Extension):
        """Puts the line number at the start of every line of a template's own text."""

        def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
            for token in stream:
                if token.type != "data" or "\n" not in token.value:
                    yield token
                    continue
                first, *rest = token.value.split("\n")
                marked = [f"{_MARK}{token.lineno + n}{_MARK}{line}" for n, line in enumerate(rest, 1)]
                yield Token(token.lineno, token.type, "\n".join([first, *marked]))

    return LineMarker


@lru_cache(maxsize=1)
def _sandbox() -> Any:
    """The sandboxed environment's class, made when first used: importing Jinja2 takes longer than all of this."""
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment
    from jinja2.visitor import NodeTransformer

    class Guard(NodeTransformer):
        """Sends every loop's items and every `~` through filters that count."""

        def visit_For(self, node: nodes.For) -> nodes.Node:
            self.generic_visit(node)
            node.iter = nodes.Filter(node.iter, "cbw_counted", [], [], None, None, lineno=node.lineno)
            return node

        def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
            self.generic_visit(node)
            joined = nodes.List(node.nodes, lineno=node.lineno)
            return nodes.Filter(joined, "cbw_joined", [], [], None, None, lineno=node.lineno)

    class Sandbox(SandboxedEnvironment):
        intercepted_binops = frozenset(["+", "*", "**", "%"])
        steps = 0

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.filters["cbw_counted"] = self.counted
            self.filters["cbw_joined"] = self.joined
            self.globals["range"] = self.range

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree = super()._parse(source, name, filename)
            Guard().visit(tree)
            tree.set_environment(self)
            return tree

        def step(self, count: int = 1) -> None:
            self.steps += count
            if self.steps > MAX_STEPS:
                raise _TooMuch(f"the template takes more than {MAX_STEPS:,} steps")

        def counted(self, items: Any) -> Any:
            try:
                length = len(items)
            except TypeError:
                return self._counting(items)
            self.step(length + 1)
            return items

        def _counting(self, items: Any) -> Iterator[Any]:
            for item in items:
                self.step()
                yield item

        def joined(self, items: list[Any]) -> str:
            return self.limited("".join([str(item) for item in items]))  # type: ignore[no-any-return]

        def range(self, *args: int) -> Any:
            made = range(*args)
            if len(made) > MAX_ITEMS:
                raise _TooMuch(f"range{tuple(args)} has more than {MAX_ITEMS:,} items")
            return made

        def limited(self, value: Any) -> Any:
            if isinstance(value, str):
                if len(value) > MAX_LENGTH:
                    raise _TooMuch(f"a text is longer than {MAX_LENGTH:,} characters")
            elif isinstance(value, (list, tuple, dict, set)) and len(value) > MAX_ITEMS:
                raise _TooMuch(f"a list has more than {MAX_ITEMS:,} items")
            elif isinstance(value, int) and value.bit_length() > 100_000:
                raise _TooMuch("a number is too large")
            return value

        def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
            __self.step()
            owner = getattr(__obj, "__self__", None)
            if isinstance(owner, str) and args:
                _refuse_growth(owner, getattr(__obj, "__name__", ""), args)
            result = super().call(__context, __obj, *args, **kwargs)
            __self.limited(owner)
            return __self.limited(result)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "*":
                sizes = [len(v) for v in (left, right) if isinstance(v, (str, list, tuple))]
                times = [v for v in (left, right) if isinstance(v, int)]
                if sizes and times and sizes[0] * times[0] > MAX_ITEMS:
                    raise _TooMuch("a repeated text is too long")
            elif operator == "**" and isinstance(left, int) and isinstance(right, int) and abs(right) > 1000:
                raise _TooMuch("a power is too large")
            elif operator == "%" and isinstance(left, str) and re.search(r"\d{5}|\*", left):
                raise _TooMuch("a width is too large")
            return self.limited(super().call_binop(context, operator, left, right))

    return Sandbox


def _refuse_growth(owner: str, method: str, args: tuple[Any, ...]) -> None:
    if method in ("center", "ljust", "rjust", "zfill", "expandtabs"):
        too_long = isinstance(args[0], int) and args[0] > 100_000
    elif method == "replace":
        too_long = (len(owner) + 1) * max(1, len(str(args[-1]))) > MAX_LENGTH
    elif method == "format" or method == "format_map":
        too_long = bool(re.search(r":[^}]*\d{5}", owner))
    elif method == "join":
        size = len(args[0]) if hasattr(args[0], "__len__") else MAX_ITEMS
        too_long = len(owner) * size > MAX_LENGTH
    else:
        too_long = False
    if too_long:
        raise _TooMuch(f"{method}() makes a text that is too long")


def _environment(
    file: str,
    names: Mapping[str, Any],
    namespace: Namespace,
    on_read: Callable[[Path], None] | None,
    undefined: list[str],
    *,
    lenient: bool,
) -> jinja2.Environment:
    import jinja2

    environment = _sandbox()(
        loader=_loader(file, namespace, on_read),
        undefined=_lenient(undefined) if lenient else jinja2.StrictUndefined,
    )
    environment.globals.update(names)
    environment.globals["range"] = environment.range
    environment.globals["environment"] = None
    made: jinja2.Environment = environment
    return made


def _loader(file: str, namespace: Namespace, on_read: Callable[[Path], None] | None) -> jinja2.BaseLoader:
    import jinja2

    folder = Path(file).parent

    def source(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        from cbw_core.recipe.reading import read_text

        parts = name.split("/")
        path = folder / name
        if ".." in parts or name.startswith("/") or not path.is_file():
            return None
        if on_read:
            on_read(path)
        return select(read_text(path), namespace, str(path)).text, str(path), lambda: True

    return jinja2.FunctionLoader(source)


def _lenient(undefined: list[str]) -> Any:
    """conda-build's UndefinedNeverFail: undefined names are empty text or 0, whatever is done with them, and noted."""
    import jinja2
    from jinja2.utils import missing

    class Lenient(jinja2.Undefined):
        def __init__(
            self, hint: Any = None, obj: Any = missing, name: Any = None, exc: Any = jinja2.UndefinedError
        ) -> None:
            super().__init__(hint, obj, name, exc)

        def _again(self, *args: Any, **kwargs: Any) -> Any:
            undefined.append(str(self._undefined_name))
            return Lenient(
                hint=self._undefined_hint,
                obj=self._undefined_obj,
                name=self._undefined_name,
                exc=self._undefined_exception,
            )

        __add__ = __radd__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _again
        __mod__ = __rmod__ = __pos__ = __neg__ = __call__ = __getitem__ = __lt__ = __le__ = __gt__ = __ge__ = _again  # type: ignore[assignment]
        __complex__ = __pow__ = __rpow__ = _again  # type: ignore[assignment]

        def __getattr__(self, name: str) -> Any:
            # an attribute of an undefined name is None there, and calling it fails
            if name.startswith("__"):
                raise AttributeError(name)
            undefined.append(str(self._undefined_name))
            return None

        def __str__(self) -> str:
            undefined.append(str(self._undefined_name))
            return ""

        __repr__ = __str__

        def __int__(self) -> int:
            undefined.append(str(self._undefined_name))
            return 0

        def __float__(self) -> float:
            undefined.append(str(self._undefined_name))
            return 0.0

    return Lenient


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
    if isinstance(error, _TooMuch):
        return TemplateFailure(
            f"the template in {place.file.rsplit('/', 1)[-1]} is refused: {error}", kind="jinja", place=place
        )
    failure = TemplateFailure(
        f"the template in {place.file.rsplit('/', 1)[-1]} cannot be rendered: {_words(error)}",
        kind="jinja",
        place=place,
        hint=_hint(error),
    )
    failure.forgiven = isinstance(error, jinja2.TemplateError)
    return failure


def _words(error: Exception) -> str:
    text = str(error) or type(error).__name__
    if isinstance(error, TypeError) and "NoneType" in text:
        return f"{text} (an attribute of an undefined name is None)"
    return text if type(error).__module__.startswith("jinja2") else f"{type(error).__name__}: {text}"


def _hint(error: Exception) -> str | None:
    if isinstance(error, TypeError) and "NoneType" in str(error):
        return "Define the name before its use, or give it a default: {{ (name or '') }}."
    return None


def _line_of(error: Exception) -> int | None:
    line: int | None = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<recipe>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


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
