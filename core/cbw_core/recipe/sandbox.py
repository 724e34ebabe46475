"""The Jinja environment of recipes: sandboxed, with a budget of steps and limits on every length.

Templates get copies of our data, so changing what they got (`{% set _ = names.append("x") %}`, found in the wild) is
allowed. What it costs is counted by a Budget.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import lru_cache, partial, update_wrapper
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from cbw_core.recipe.budget import Budget, Formatter, TooMuch
from cbw_core.recipe.reading import read_recipe
from cbw_core.recipe.selectors import Namespace, select

if TYPE_CHECKING:
    import jinja2

# A private character: never in a recipe. It encloses line numbers in a text that is rendered for its places.
MARK = "\U000f0c0d"
# Words and marks of a template's own code; the largest recipes known have 3,000
MAX_TOKENS = 20_000
_ACTIVE = "$CONDA_DEFAULT_ENV/"


@dataclass(frozen=True)
class Compiled:
    """A template's code, and the names it looks up (None where it includes other templates)."""

    code: CodeType
    names: frozenset[str] | None


@lru_cache(maxsize=512)
def compiled(text: str, marked: bool) -> Compiled:
    """A template's code. It does not depend on names, so it is made once for each text. marked: with line numbers."""
    environment = _sandbox()(extensions=[_marker()] if marked else [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's doubts about an expression are nobody's business
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
    from jinja2.lexer import TokenStream
    from jinja2.sandbox import SandboxedEnvironment, SandboxedEscapeFormatter, SandboxedFormatter
    from jinja2.visitor import NodeTransformer
    from markupsafe import Markup

    class Tracker(CodeGenerator):
        """Tells the environment which names a template looks up (those of jinja2.meta.find_undeclared_variables)."""

        def enter_frame(self, frame: Frame) -> None:
            super().enter_frame(frame)
            for action, name in frame.symbols.loads.values():
                if action == "resolve" and name:
                    self.environment.looked_up.add(name)  # type: ignore[attr-defined]

        def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
            """Only a template's own text is worked out while compiling, where nothing counts."""
            if not isinstance(node, nodes.TemplateData):
                raise nodes.Impossible
            return super()._output_child_to_const(node, frame, finalize)

    class Guard(NodeTransformer):
        """Sends loops, operations and what holds other values through filters that count (see Budget)."""

        def __init__(self, environment: jinja2.Environment) -> None:
            self.environment = environment
            self.includes = False

        def visit_TemplateData(self, node: nodes.Node) -> nodes.Node:
            return node  # nothing in it

        visit_Name = visit_Const = visit_TemplateData

        def visit_Include(self, node: nodes.Node) -> nodes.Node:
            self.includes = True
            return self.generic_visit(node)

        visit_Import = visit_FromImport = visit_Extends = visit_Include

        def visit_For(self, node: nodes.For) -> nodes.Node:
            self.generic_visit(node)
            node.iter = self._through("cbw_counted", node.iter)
            return self._charging(node)

        def visit_Block(self, node: Any) -> nodes.Node:
            self.generic_visit(node)
            return self._charging(node)

        # a template itself is run once, and paid for by the loader where it is included
        visit_Macro = visit_CallBlock = visit_Block

        def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
            self.generic_visit(node)
            return self._through("cbw_joined", nodes.List(node.nodes, lineno=node.lineno, environment=self.environment))

        def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
            self.generic_visit(node)
            node.expr = self._touched(node.expr)
            for operand in node.ops:
                operand.expr = self._touched(operand.expr)
            return node

        def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
            self.generic_visit(node)
            if isinstance(node.arg, nodes.Slice):
                node.node = self._touched(node.node)
            return node

        def visit_List(self, node: Any) -> Any:
            self.generic_visit(node)
            held = node.items
            if getattr(node, "ctx", "load") != "load" or all(isinstance(i, nodes.Const) for i in held):
                return node
            return self._through("cbw_touched", node)

        visit_Tuple = visit_Dict = visit_List

        def _through(self, name: str, value: Any) -> nodes.Filter:
            return nodes.Filter(value, name, [], [], None, None, lineno=value.lineno, environment=self.environment)

        def _touched(self, value: nodes.Expr) -> nodes.Expr:
            return value if isinstance(value, nodes.Const) else self._through("cbw_touched", value)

        def _charging(self, node: Any) -> nodes.Node:
            """The node, whose body costs steps by its size each time it is run."""
            size = 1 + sum(1 for part in node.body for _ in part.find_all(nodes.Node)) // 4
            charge = self._through("cbw_charged", nodes.Const(size, lineno=node.lineno, environment=self.environment))
            # a block cannot stand before `extends`, nor an expression in it
            node.body = [nodes.ExprStmt(charge, lineno=node.lineno, environment=self.environment), *node.body]
            return node  # type: ignore[no-any-return]

    class Format(Formatter, SandboxedFormatter):
        pass

    class EscapedFormat(Formatter, SandboxedEscapeFormatter):
        pass

    class Sandbox(SandboxedEnvironment):
        intercepted_binops = frozenset(["+", "-", "*", "/", "//", "**", "%"])
        code_generator_class = Tracker
        budget = Budget()
        includes = False

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, optimized=False, **kwargs)
            self.looked_up: set[str] = set()
            # for compiling only; environment_for puts those in that count
            self.filters |= dict.fromkeys(("cbw_counted", "cbw_joined", "cbw_touched", "cbw_charged"), str)
            del self.globals["lipsum"]

        def _tokenize(self, *args: Any, **kwargs: Any) -> TokenStream:
            stream = super()._tokenize(*args, **kwargs)
            # a word or mark has a character at least
            few = len(args[0]) < MAX_TOKENS
            return stream if few else TokenStream(_few(stream), stream.name, stream.filename)

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree = super()._parse(source, name, filename)
            guard = Guard(self)
            guard.visit(tree)
            self.includes = self.includes or guard.includes
            return tree

        def unsafe_undefined(self, obj: Any, attribute: str) -> Any:
            # Jinja2 would make it an undefined value, which a lenient rendering shows as nothing
            raise SecurityError(f"access to attribute {attribute!r} of a {type(obj).__name__} is not allowed")

        def wrap_str_format(self, value: Any) -> Any:
            """As the sandbox's, with formatters that keep widths small."""
            owner = getattr(value, "__self__", None)
            wrapped = super().wrap_str_format(value)
            if wrapped is None or not isinstance(owner, str):
                return wrapped
            formatter = EscapedFormat(self, escape=owner.escape) if isinstance(owner, Markup) else Format(self)
            mapped = value.__name__ == "format_map"

            def run(*args: Any, **kwargs: Any) -> str:
                if mapped:
                    args, kwargs = (), dict(*args, **kwargs)
                return type(owner)(formatter.vformat(owner, args, kwargs))

            return update_wrapper(run, value)

        def concat(self, parts: Iterable[str]) -> str:
            return self.budget.joined(parts)

        def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
            args = __self.budget.call(__obj, args, kwargs)
            result = super().call(__context, __obj, *args, **kwargs)
            return __self.budget.called(__obj, args, result)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            self.budget.operation(operator, left, right)
            return self.budget.touched(super().call_binop(context, operator, left, right))

    return Sandbox


def _few(stream: Iterable[Any]) -> Iterator[Any]:
    for count, token in enumerate(stream):
        if count > MAX_TOKENS:
            raise TooMuch(f"it has more than {MAX_TOKENS:,} words and marks")
        yield token


class _Counting(dict[str, Any]):
    """Filters or tests that count, each made when it is asked for."""

    def __init__(self, known: Mapping[str, Any], budget: Budget) -> None:
        super().__init__()
        self._known, self._budget = known, budget

    def __missing__(self, name: str) -> Any:
        function = self._known[name]
        passed = hasattr(function, "jinja_pass_arg")
        counting = self._budget.filtered(name, function, int(passed))
        if passed:
            counting.jinja_pass_arg = function.jinja_pass_arg  # type: ignore[attr-defined]
        self[name] = counting
        return counting

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self._known else default


def environment_for(
    file: str,
    names: Mapping[str, Any],
    namespace: Namespace,
    on_read: Callable[[Path], None] | None,
    undefined: list[str],
    *,
    lenient: bool,
) -> jinja2.Environment:
    """The sandbox of one rendering. file: the template's; on_read: told of each file that it includes; undefined: gets
    the names that nothing defines, where they are let be (lenient)."""
    import jinja2

    environment = copy(_pattern())
    budget = environment.budget = Budget()
    surroundings = namespace.names.get("environ")  # as given: in a template the name means the build's own
    active = surroundings.get("CONDA_DEFAULT_ENV") if isinstance(surroundings, dict) else None
    environment.loader = _loader(file, active, namespace, on_read, budget)
    # for Jinja2, which calls it, as good as a class
    environment.undefined = partial(_lenient(), noted=undefined) if lenient else jinja2.StrictUndefined
    environment.filters = _Counting(environment.filters, budget)
    counting: dict[str, Any] = {
        "cbw_counted": budget.counted,
        "cbw_joined": budget.joined,
        "cbw_touched": budget.touched,
        "cbw_charged": budget.charged,
    }
    environment.filters |= counting
    environment.tests = _Counting(environment.tests, budget)
    environment.globals = {**environment.globals, **names, "range": budget.range, "environment": None}
    made: jinja2.Environment = environment
    return made


@lru_cache(maxsize=1)
def _pattern() -> Any:
    """The environment that others are copies of: making one anew takes longer than most renderings."""
    return _sandbox()(cache_size=0)


def _loader(
    file: str, active: object, namespace: Namespace, on_read: Callable[[Path], None] | None, budget: Budget
) -> jinja2.BaseLoader:
    """Files of the recipe's folder, and $CONDA_DEFAULT_ENV/... where that is a folder (as conda-build)."""
    import jinja2

    def source(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        folder = Path(file).parent
        if name.startswith(_ACTIVE) and active and Path(str(active)).is_dir():
            folder, name = Path(str(active)), name.removeprefix(_ACTIVE)
        parts = name.split("/")
        path = folder / name
        if ".." in parts or name.startswith("/") or not path.is_file():
            return None
        if on_read:
            on_read(path)
        text = read_recipe(path)
        budget.step(500 + len(text) // 8)  # it is compiled each time it is included
        return select(text, namespace, str(path)).text, str(path), lambda: True

    return jinja2.FunctionLoader(source)


@lru_cache(maxsize=1)
def _lenient() -> Any:
    """conda-build's UndefinedNeverFail: undefined names are empty text or 0, whatever is done with them, and noted."""
    import jinja2
    from jinja2.utils import missing

    class Lenient(jinja2.Undefined):
        def __init__(
            self,
            hint: Any = None,
            obj: Any = missing,
            name: Any = None,
            exc: Any = jinja2.UndefinedError,
            *,
            noted: list[str],
        ) -> None:
            super().__init__(hint, obj, name, exc)
            self._noted = noted

        def _again(self, *args: Any, **kwargs: Any) -> Any:
            self._noted.append(str(self._undefined_name))
            return type(self)(
                hint=self._undefined_hint,
                obj=self._undefined_obj,
                name=self._undefined_name,
                exc=self._undefined_exception,
                noted=self._noted,
            )

        __add__ = __radd__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _again
        __mod__ = __rmod__ = __pos__ = __neg__ = __call__ = __getitem__ = __lt__ = __le__ = __gt__ = __ge__ = _again
        __complex__ = __pow__ = __rpow__ = _again

        def __getattr__(self, name: str) -> Any:
            # an attribute of an undefined name is None there, and calling it fails
            if name.startswith(("__", "_undefined_")):  # the latter before __init__ has ended
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
