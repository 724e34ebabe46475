"""How much a template may do: steps, and the sizes of what it makes.

Every loop's turn, call, filter and operation costs steps, in proportion to what it touches, so that a template ends
within about a second whatever it is made of. What would make something huge is refused before it is made.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

MAX_STEPS = 200_000
MAX_LENGTH = 400_000
MAX_RANGE = 50_000
MAX_DIGITS = 4_000

# the methods and filters that can make more of a text than it is
_GROWING = frozenset(
    [
        *("batch", "center", "expandtabs", "indent", "ljust", "rjust", "slice", "to_bytes", "tojson"),
        *("translate", "urlize", "wordwrap", "xmlattr", "zfill"),
    ]
)
# methods that do not look at all of what they belong to
_QUICK = frozenset(["get", "append", "keys", "values", "items", "pop", "group", "startswith", "endswith"])
_CODECS = frozenset(["utf8", "utf-8", "ascii", "latin-1", "latin1", "iso-8859-1"])
# where Jinja2's namespace() keeps what it holds
_NAMESPACE = "_Namespace__attrs"
_SCALARS = frozenset([str, int, float, bool, type(None)])
_VIEWS: tuple[Any, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_CONTAINERS: tuple[Any, ...] = (list, tuple, dict, set, frozenset, *_VIEWS)
_SIZED: tuple[Any, ...] = (*_CONTAINERS, str)
# a width or precision of five digits, or one taken from the values
_WIDE_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(?:\d{5}|\*|\d*\.(?:\d{5}|\*))")
_WIDE_TIME = re.compile(r"%[-_0^#+]*\d{4}")
_WIDE = re.compile(r"\d{5}")


class TooMuch(Exception):
    """A template that goes past a limit."""


def weight(value: Any, limit: int = MAX_LENGTH) -> int:
    """About how many characters a value would have, written out; parts that it holds twice count twice. Counting ends
    past `limit` (what holds itself has no end)."""
    kind = type(value)
    if kind is str:
        return len(value) + 1
    if kind in _SCALARS:
        return 1
    total = 0
    waiting: list[Any] = [value]
    while waiting and total <= limit:
        item = waiting.pop()
        if isinstance(item, (str, bytes, bytearray)):
            total += len(item) + 1
        elif isinstance(item, _CONTAINERS):
            total += 4
            if len(item) > limit // 4:
                return limit + 1
            waiting += item
            if isinstance(item, dict):
                waiting += item.values()
        elif type(item).__name__ == "Namespace":
            total += 64  # it is slow to look into
            waiting += getattr(item, _NAMESPACE, {}).values()
        else:
            total += 4
    return total


class Budget:
    """The steps of one rendering."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > MAX_STEPS:
            raise TooMuch(f"the template takes more than {MAX_STEPS:,} steps")

    def charged(self, count: int) -> str:
        """Nothing to show; costs `count` steps. Stands at the start of what may be run many times."""
        self.step(count)
        return ""

    def touched(self, value: Any) -> Any:
        """The value, paid for by its weight. Raises TooMuch where it is too large."""
        if type(value) is not str and type(value) in _SCALARS:
            if type(value) is int and value.bit_length() > 4 * MAX_DIGITS:
                raise TooMuch("a number is too large")
            return value
        heavy = weight(value)
        if heavy > MAX_LENGTH:
            what = "text" if isinstance(value, (str, bytes)) else "list"
            raise TooMuch(f"a {what} is longer than {MAX_LENGTH:,} characters")
        if heavy > 32:
            self.step(heavy // (256 if isinstance(value, str) else 32))
        return value

    def counted(self, items: Any) -> Any:
        """The items of a loop, each of which costs a step."""
        if isinstance(items, _SIZED):
            self.step(len(items) + 1)
            return items
        return self._counting(items)

    def _counting(self, items: Any) -> Iterator[Any]:
        for item in items:
            self.step()
            yield item

    def joined(self, items: Iterable[Any]) -> str:
        """The items as one text: `~`, and what blocks and macros are put together by."""
        parts = [str(self.touched(item)) for item in items]
        self.fits(sum(map(len, parts)))
        return "".join(parts)

    def fits(self, length: int) -> None:
        """Raises TooMuch for a text that would be too long."""
        if length > MAX_LENGTH:
            raise TooMuch(f"a text is longer than {MAX_LENGTH:,} characters")
        self.step(1 + length // 256)

    def range(self, *args: int) -> Any:
        made = range(*args)
        if len(made) > MAX_RANGE:
            raise TooMuch(f"range{tuple(args)} has more than {MAX_RANGE:,} items")
        return made

    def grown(self, name: str, owner: Any, args: tuple[Any, ...]) -> None:
        """Raises TooMuch where a method or filter could make something too large of its arguments."""
        if name in _GROWING:
            sizes = sum(abs(a) if isinstance(a, int) else weight(a) for a in args)
            if sizes > 1 and (weight(owner) + 1) * sizes > MAX_LENGTH:
                raise TooMuch(f"{name}() would make too much")
        elif name == "replace" and len(args) > 1 and isinstance(owner, (str, bytes)):
            old, new = (a if isinstance(a, type(owner)) else type(owner)() for a in args[:2])
            self.fits(len(owner) + owner.count(old) * len(new))  # type: ignore[arg-type]
        elif name == "round" and any(isinstance(a, int) and abs(a) > 300 for a in args):
            raise TooMuch("round() to that many digits is too much")
        elif name in ("encode", "decode") and weight(owner) > 1000:
            if any(str(a).lower() not in _CODECS for a in args[:1]):
                raise TooMuch(f"{name}() of a long text is too much")
        elif name == "strftime" and any(isinstance(a, str) and _WIDE_TIME.search(a) for a in args):
            raise TooMuch("a width is too large")

    def formatted(self, template: Any, mark: str, *values: Any) -> None:
        """Before values are put in a text with placeholders (% or {)."""
        if isinstance(template, bytes):
            template = template.decode("latin-1")
        if not isinstance(template, str):
            return
        if mark == "%" and _WIDE_PERCENT.search(template):
            raise TooMuch("a width is too large")
        self.fits(len(template) + template.count(mark) * sum(map(weight, values)))

    def sequence(self, items: Any) -> Any:
        """Items for a join: those that come one by one, as a list."""
        return items if isinstance(items, _SIZED) else list(self.counted(items))

    def call(self, called: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """Before a call: what it costs, and whether it is too much. Returns the arguments to call it with."""
        self.step()
        target = getattr(called, "__wrapped__", called)  # the sandbox wraps str.format
        owner, name = getattr(target, "__self__", None), str(getattr(target, "__name__", ""))
        if name == "join" and isinstance(owner, (str, bytes)) and len(args) == 1:
            args = (self.sequence(args[0]),)
            self.fits(len(owner) * len(args[0]) + weight(args[0]))
        given = (*args, *named.values())
        self.grown(name, owner, given)
        if name in ("format", "format_map"):
            self.formatted(owner, "{", *given)
        for value in given:
            self.touched(value)
        if name not in _QUICK:
            self.touched(owner)
        return args

    def called(self, called: Any, args: tuple[Any, ...], result: Any) -> Any:
        """After a call: its result, its owner weighed too where it may have been given something large."""
        owner = getattr(called, "__self__", None)
        if isinstance(owner, (list, dict)) and any(isinstance(a, _CONTAINERS) for a in args):
            self.touched(owner)
        return self.touched(result)

    def filtered(self, name: str, function: Callable[..., Any], passed: int) -> Callable[..., Any]:
        """A filter or test that counts. passed: how many of its arguments are Jinja2's own."""

        def run(*args: Any, **named: Any) -> Any:
            self.step()
            if name == "join":
                args = (*args[:passed], self.sequence(args[passed]), *args[passed + 1 :])
                self.fits(len(args[passed]) * sum(weight(a) for a in (*args[passed + 1 :], *named.values())))
            given = (*args[passed:], *named.values())
            for value in given:
                self.touched(value)
            self.grown(name, given[0] if given else None, given[1:])
            if name == "format" and given:
                self.formatted(given[0], "%", *given[1:])
            if name == "sum" and len(given) > 1 and not isinstance(given[-1], (int, float)):
                self.step(weight(given[0]) ** 2 // 1000)
            return self.touched(function(*args, **named))

        return run

    def operation(self, operator: str, left: Any, right: Any) -> None:
        """Before an operation of two values. Raises TooMuch for what would make something too large."""
        self.touched(left)
        self.touched(right)
        if operator == "*":
            for many, times in ((left, right), (right, left)):
                if isinstance(times, int) and not isinstance(many, (int, float)) and weight(many) * times > MAX_LENGTH:
                    raise TooMuch("a repeated text is too long")
        elif operator == "**":
            if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > 4 * MAX_DIGITS:
                raise TooMuch("a power is too large")
        elif operator == "%":
            self.formatted(left, "%", right)


class Formatter(string.Formatter):
    """Keeps str.format from widths that are too large; mixed into the sandbox's own formatters."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        if _WIDE.search(format_spec) or _WIDE_TIME.search(format_spec):
            raise TooMuch("a width is too large")
        return super().format_field(value, format_spec)
