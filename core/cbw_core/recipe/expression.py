"""The expression language of selectors: a small part of Python, compiled to closures, never by eval.

What is allowed is what conda-build allows (conda_build.metadata.evalidate_model): constants, names, comparisons,
and/or/not, `+ - / %`, subscripts, conditional expressions, tuples, lists, dicts, seven functions and a few methods.
"""

from __future__ import annotations

import ast
import builtins
import operator
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Names = Mapping[str, Any]
Evaluate = Callable[[Names], Any]

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "int": int,
    "float": float,
    "len": len,
    "str": str,
    "list": list,
    "dict": dict,
    "tuple": tuple,
}
ATTRIBUTES = frozenset(
    [
        "endswith",
        "index",
        "lower",
        "rsplit",
        "split",
        "startswith",
        "strip",
        "upper",
        "join",
        "replace",
        "get",
        "items",
        "keys",
        "values",
        "environ",
        "getenv",
        "pathsep",
        "sep",
    ]
)
MAX_LENGTH = 1_000_000
MAX_EXPRESSION = 10_000

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


class ExpressionError(Exception):
    """An expression that is not in the language or fails. `column` counts from 1 within the expression."""

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.column = column


class UnknownName(ExpressionError):
    """A name that is neither a variable nor a Python builtin."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not defined")
        self.name = name


class _Builtin:
    """Stands for a Python builtin that a selector names by accident (`license`, `max`): true, and good for nothing."""


_BUILTINS = frozenset(dir(builtins)) | {"exit", "quit", "license", "copyright", "credits", "help"}
_BUILTIN = _Builtin()


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Evaluate:
    """A function of names -> value. Raises ExpressionError for what the language does not have."""
    if len(text) > MAX_EXPRESSION:
        raise ExpressionError(f"an expression of {len(text):,} characters is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's doubts about a selector ("3or x") are nobody's business
            tree = ast.parse(text.lstrip(), "<selector>", "eval")
    except SyntaxError as error:
        raise ExpressionError(f"{error.msg}", error.offset) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"cannot be read: {error or type(error).__name__}") from None
    try:
        return _compile(tree.body)
    except RecursionError:
        raise ExpressionError("is nested too deeply") from None


def evaluate(text: str, names: Names) -> Any:
    """The value of an expression. Raises UnknownName, or ExpressionError with the reason of any other failure."""
    function = compile_expression(text)
    try:
        return function(names)
    except ExpressionError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise ExpressionError(f"{type(error).__name__}: {error}") from None


def _compile(node: ast.expr) -> Evaluate:
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise ExpressionError(f"{type(node).__name__} is not allowed in a selector", node.col_offset + 1)
    return handler(node)


def _constant(node: ast.Constant) -> Evaluate:
    value = node.value
    return lambda names: value


def _name(node: ast.Name) -> Evaluate:
    name = node.id

    def look_up(names: Names) -> Any:
        try:
            return names[name]
        except KeyError:
            pass
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        if name in _BUILTINS:
            return _BUILTIN
        raise UnknownName(name)

    return look_up


def _bool(node: ast.BoolOp) -> Evaluate:
    parts = [_compile(v) for v in node.values]
    wanted = isinstance(node.op, ast.Or)

    def run(names: Names) -> Any:
        value: Any = None
        for part in parts:
            value = part(names)
            if bool(value) is wanted:
                return value
        return value

    return run


def _unary(node: ast.UnaryOp) -> Evaluate:
    operand = _compile(node.operand)
    if isinstance(node.op, ast.Not):
        return lambda names: not operand(names)
    if isinstance(node.op, ast.USub):
        return lambda names: -operand(names)
    raise ExpressionError(f"{type(node.op).__name__} is not allowed in a selector", node.col_offset + 1)


def _binary(node: ast.BinOp) -> Evaluate:
    function = _BINARY.get(type(node.op))
    if function is None:
        raise ExpressionError(f"{type(node.op).__name__} is not allowed in a selector", node.col_offset + 1)
    left, right = _compile(node.left), _compile(node.right)

    def run(names: Names) -> Any:
        a, b = left(names), right(names)
        if function is operator.mod and isinstance(a, str) and any(len(d) > 4 for d in _digits(a)):
            raise ExpressionError("a width of that size is not allowed")
        return _limited(function(a, b))

    return run


def _digits(text: str) -> list[str]:
    return "".join(c if c.isdigit() else " " for c in text).split()


def _compare(node: ast.Compare) -> Evaluate:
    first = _compile(node.left)
    rest = [(_COMPARE[type(op)], _compile(value)) for op, value in zip(node.ops, node.comparators, strict=True)]

    def run(names: Names) -> Any:
        left = first(names)
        result: Any = True
        for function, value in rest:
            right = value(names)
            result = function(left, right)
            if not result:
                return result
            left = right
        return result

    return run


def _conditional(node: ast.IfExp) -> Evaluate:
    test, yes, no = _compile(node.test), _compile(node.body), _compile(node.orelse)
    return lambda names: yes(names) if test(names) else no(names)


def _subscript(node: ast.Subscript) -> Evaluate:
    value, index = _compile(node.value), _compile(node.slice)
    return lambda names: value(names)[index(names)]


def _attribute(node: ast.Attribute) -> Evaluate:
    if node.attr not in ATTRIBUTES:
        raise ExpressionError(f"attribute {node.attr} is not allowed in a selector", node.col_offset + 1)
    value, name = _compile(node.value), node.attr
    return lambda names: getattr(value(names), name)


def _call(node: ast.Call) -> Evaluate:
    if isinstance(node.func, ast.Name) and node.func.id not in FUNCTIONS:
        raise ExpressionError(f"call to function {node.func.id}() is not allowed in a selector", node.col_offset + 1)
    if not isinstance(node.func, (ast.Name, ast.Attribute)) or node.keywords:
        raise ExpressionError("this call is not allowed in a selector", node.col_offset + 1)
    function = _compile(node.func)
    arguments = [_compile(a) for a in node.args]

    def run(names: Names) -> Any:
        callee = function(names)
        values = [a(names) for a in arguments]
        owner = getattr(callee, "__self__", None)
        if isinstance(owner, str):
            # replace and join can multiply the lengths of their operands
            length = len(owner) + 1
            for value in values:
                length *= max(1, len(value) if isinstance(value, (str, list, tuple)) else 1)
            if length > MAX_LENGTH and callee.__name__ in ("replace", "join"):
                raise ExpressionError("the result is too long")
        return _limited(callee(*values))

    return run


def _limited(value: Any) -> Any:
    if isinstance(value, (str, list, tuple, dict)) and len(value) > MAX_LENGTH:
        raise ExpressionError("the result is too long")
    return value


def _tuple(node: ast.Tuple) -> Evaluate:
    items = [_compile(e) for e in node.elts]
    return lambda names: tuple(item(names) for item in items)


def _list(node: ast.List) -> Evaluate:
    items = [_compile(e) for e in node.elts]
    return lambda names: [item(names) for item in items]


def _dict(node: ast.Dict) -> Evaluate:
    if any(k is None for k in node.keys):
        raise ExpressionError("** is not allowed in a selector", node.col_offset + 1)
    pairs = [(_compile(k), _compile(v)) for k, v in zip(node.keys, node.values, strict=True) if k is not None]
    return lambda names: {k(names): v(names) for k, v in pairs}


_HANDLERS: dict[type[ast.expr], Callable[[Any], Evaluate]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BoolOp: _bool,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.Subscript: _subscript,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Dict: _dict,
}
