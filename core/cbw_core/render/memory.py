"""Templates rendered once for the same text, names and answers of functions.

A rendering depends on the names its template looks up and on what the functions it calls answer. With the same names
its first call is always the same, and its next follows from the answers so far: renderings are the leaves of a tree of
questions. When a text comes again, the questions are asked again, which is much cheaper than rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cbw_core.errors import CbwError
from cbw_core.recipe import TemplateResult
from cbw_core.render.others import Key

Functions = Mapping[str, Callable[..., Any]]
# the name of a function and what it is given
Question = tuple[str, tuple[Any, ...], tuple[tuple[str, Any], ...]]

# Renderings kept of one recipe
KEPT = 20_000
_PLAIN = (str, int, float, bool, type(None))


@dataclass
class _Node:
    """A question and where each answer leads, or the result at the end."""

    question: Question | None = None
    answers: dict[Any, _Node] = field(default_factory=dict)
    result: TemplateResult | CbwError | None = None


@dataclass
class Memory:
    """The renderings of one recipe."""

    known: dict[Key, _Node] = field(default_factory=dict)
    count: int = 0

    def recall(self, key: Key, functions: Callable[[], Functions]) -> TemplateResult | CbwError | None:
        """The result of a rendering with this key whose functions answer as they did; None when there is none."""
        node = self.known.get(key)
        bound = functions() if node and node.question else {}
        while node and node.question:
            name, args, named = node.question
            try:
                answer = bound[name](*args, **dict(named))
            except CbwError:
                return None
            node = node.answers.get(_kept(answer))
        return node.result if node else None

    def keep(self, key: Key, recorder: Recorder, result: TemplateResult | CbwError) -> None:
        if not recorder.replayable or self.count >= KEPT:
            return
        self.count += 1
        node = self.known.setdefault(key, _Node())
        for question, answer in recorder.asked.items():
            node.question = question
            node = node.answers.setdefault(answer, _Node())
        node.result = result


@dataclass
class Recorder:
    """Notes what functions were asked and answered; not replayable once one of them failed or was given other than
    plain values."""

    asked: dict[Question, Any] = field(default_factory=dict)
    replayable: bool = True

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function of that name, what it is asked and answers noted."""

        def recorded(*args: Any, **named: Any) -> Any:
            plain = all(type(value) in _PLAIN for value in (*args, *named.values()))
            if not plain:
                self.replayable = False
                return function(*args, **named)
            try:
                answer = function(*args, **named)
            except BaseException:
                self.replayable = False
                raise
            self.asked[(name, args, tuple(sorted(named.items())))] = _kept(answer)
            return answer

        return recorded


def _kept(answer: Any) -> Any:
    return tuple(answer) if isinstance(answer, list) else answer
