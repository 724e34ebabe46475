"""The Jinja environment of recipes: sandboxed, with a budget of steps and limits on every length.

Templates get copies of our data, so changing what they got (`{% set _ = names.append("x") %}`, found in the wild) is
allowed. Every loop step and every call counts against the budget.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from cbw_core.recipe.reading import read_text
from cbw_core.recipe.selectors import Namespace, select

if TYPE_CHECKING:
    import jinja2

MAX_STEPS = 300_000
MAX_LENGTH = 5_000_000
MAX_ITEMS = 200_000
# A private character: never in a recipe. It encloses line numbers in a text that is rendered for its places.
MARK = "\U000f0c0d"
# what a template must hold to have a node that Guard looks for
_GUARDED = re.compile(r"~|\bfor\b|\b(?:include|import|from|extends)\b")


class TooMuch(Exception):
    """A template that goes past a limit."""


@dataclass(frozen=True)
class Compiled:
    """A template's code, and the names it looks up (None where it includes other templates)."""

    code: CodeType
    names: frozenset[str] | None


@lru_cache(maxsize=512)
def compiled(text: str, marked: bool) -> Compiled:
    """A template's code. It does not depend on names, so it is made once for each text. marked: with line numbers."""
    environment = _sandbox()(extensions=[_marker()] if marked else [])
    code = environment.compile(text, name="meta.yaml", filename="<recipe>")
    return Compiled(code, None if environment.includes else frozenset(environment.looked_up))


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
                marked = [f"{MARK}{token.lineno + n}{MARK}{line}" for n, line in enumerate(rest, 1)]
                yield Token(token.lineno, token.type, "\n".join([first, *marked]))

    return LineMarker


@lru_cache(maxsize=1)
def _sandbox() -> Any:
    """The sandboxed environment's class, made when first used: importing Jinja2 takes longer than all of this."""
    from jinja2 import nodes
    from jinja2.compiler import CodeGenerator, Frame
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import SandboxedEnvironment
    from jinja2.visitor import NodeTransformer

    class Tracker(CodeGenerator):
        """Tells the environment which names a template looks up (those of jinja2.meta.find_undeclared_variables)."""

        def enter_frame(self, frame: Frame) -> None:
            super().enter_frame(frame)
            for action, name in frame.symbols.loads.values():
                if action == "resolve" and name:
                    self.environment.looked_up.add(name)  # type: ignore[attr-defined]

    class Guard(NodeTransformer):
        """Sends every loop's items and every `~` through filters that count."""

        includes = False

        def visit_Include(self, node: nodes.Node) -> nodes.Node:
            self.includes = True
            return self.generic_visit(node)

        visit_Import = visit_FromImport = visit_Extends = visit_Include

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
        code_generator_class = Tracker
        steps = 0
        includes = False

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.looked_up: set[str] = set()
            # for compiling only; environment_for puts those in that count
            self.filters |= {"cbw_counted": iter, "cbw_joined": "".join}

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree = super()._parse(source, name, filename)
            if _GUARDED.search(source):
                guard = Guard()
                guard.visit(tree)
                self.includes = self.includes or guard.includes
                tree.set_environment(self)
            return tree

        def unsafe_undefined(self, obj: Any, attribute: str) -> Any:
            # Jinja2 would make it an undefined value, which a lenient rendering shows as nothing
            raise SecurityError(f"access to attribute {attribute!r} of a {type(obj).__name__} is not allowed")

        def step(self, count: int = 1) -> None:
            self.steps += count
            if self.steps > MAX_STEPS:
                raise TooMuch(f"the template takes more than {MAX_STEPS:,} steps")

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
                raise TooMuch(f"range{tuple(args)} has more than {MAX_ITEMS:,} items")
            return made

        def limited(self, value: Any) -> Any:
            if isinstance(value, str):
                if len(value) > MAX_LENGTH:
                    raise TooMuch(f"a text is longer than {MAX_LENGTH:,} characters")
            elif isinstance(value, (list, tuple, dict, set)) and len(value) > MAX_ITEMS:
                raise TooMuch(f"a list has more than {MAX_ITEMS:,} items")
            elif isinstance(value, int) and value.bit_length() > 100_000:
                raise TooMuch("a number is too large")
            return value

        def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
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
                    raise TooMuch("a repeated text is too long")
            elif operator == "**" and isinstance(left, int) and isinstance(right, int) and abs(right) > 1000:
                raise TooMuch("a power is too large")
            elif operator == "%" and isinstance(left, str) and re.search(r"\d{5}|\*", left):
                raise TooMuch("a width is too large")
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
        raise TooMuch(f"{method}() makes a text that is too long")


def environment_for(
    file: str,
    names: Mapping[str, Any],
    namespace: Namespace,
    on_read: Callable[[Path], None] | None,
    undefined: list[str],
    *,
    lenient: bool,
) -> jinja2.Environment:
    import jinja2

    environment = copy(_pattern())
    environment.steps = 0
    environment.loader = _loader(file, namespace, on_read)
    environment.undefined = (
        type("Undefined", (_lenient(),), {"_noted": undefined}) if lenient else jinja2.StrictUndefined
    )
    environment.filters = {**environment.filters, "cbw_counted": environment.counted, "cbw_joined": environment.joined}
    environment.globals = {**environment.globals, **names, "range": environment.range, "environment": None}
    made: jinja2.Environment = environment
    return made


@lru_cache(maxsize=1)
def _pattern() -> Any:
    """The environment that others are copies of: making one anew takes longer than most renderings."""
    return _sandbox()(cache_size=0)


def _loader(file: str, namespace: Namespace, on_read: Callable[[Path], None] | None) -> jinja2.BaseLoader:
    import jinja2

    folder = Path(file).parent

    def source(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        parts = name.split("/")
        path = folder / name
        if ".." in parts or name.startswith("/") or not path.is_file():
            return None
        if on_read:
            on_read(path)
        return select(read_text(path), namespace, str(path)).text, str(path), lambda: True

    return jinja2.FunctionLoader(source)


@lru_cache(maxsize=1)
def _lenient() -> Any:
    """conda-build's UndefinedNeverFail: undefined names are empty text or 0, whatever is done with them, and noted."""
    import jinja2
    from jinja2.utils import missing

    class Lenient(jinja2.Undefined):
        _noted: list[str]

        def __init__(
            self, hint: Any = None, obj: Any = missing, name: Any = None, exc: Any = jinja2.UndefinedError
        ) -> None:
            super().__init__(hint, obj, name, exc)

        def _again(self, *args: Any, **kwargs: Any) -> Any:
            self._noted.append(str(self._undefined_name))
            return type(self)(
                hint=self._undefined_hint,
                obj=self._undefined_obj,
                name=self._undefined_name,
                exc=self._undefined_exception,
            )

        __add__ = __radd__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _again
        __mod__ = __rmod__ = __pos__ = __neg__ = __call__ = __getitem__ = __lt__ = __le__ = __gt__ = __ge__ = _again
        __complex__ = __pow__ = __rpow__ = _again

        def __getattr__(self, name: str) -> Any:
            # an attribute of an undefined name is None there, and calling it fails
            if name.startswith("__"):
                raise AttributeError(name)
            self._noted.append(str(self._undefined_name))
            return None

        def __str__(self) -> str:
            self._noted.append(str(self._undefined_name))
            return ""

        __repr__ = __str__

        def __int__(self) -> int:  # type: ignore[override]
            self._noted.append(str(self._undefined_name))
            return 0

        def __float__(self) -> float:  # type: ignore[override]
            self._noted.append(str(self._undefined_name))
            return 0.0

    return Lenient
