"""Two outputs held against each other: what differs in their names, and which lines make it so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cbw_core.errors import Place
from cbw_core.inspect.model import Comparison, Difference, HashInputs
from cbw_core.inspect.words import given_words, unused_words, use_words

Why = tuple[tuple[str, Place | None], ...]


def compare(left: HashInputs, right: HashInputs) -> Comparison:
    """What differs between two outputs or packages, that which changes the hash first."""
    differences = [*_hashed(left, right), *_not_hashed(left, right), *_names(left, right)]
    return Comparison(left, right, _verdict(left, right, differences), tuple(differences))


def nearest(of: HashInputs, among: Sequence[HashInputs]) -> HashInputs | None:
    """The one that `of` is to be compared with: of the same name where there is one, with the fewest differences."""
    same = [one for one in among if one.name == of.name] or list(among if len(among) == 1 else ())

    def distance(one: HashInputs) -> tuple[int, int]:
        mine, theirs = _values(of), _values(one)
        unlike = sum(mine.get(k) != theirs.get(k) for k in {*mine, *theirs})
        return unlike, int(one.build_string != of.build_string)

    return min(same, key=distance, default=None)


def _values(inputs: HashInputs) -> dict[str, Any]:
    return {v.name: v.value for v in inputs.variables} | {v.name: v.spec for v in inputs.virtual}


def _contents(inputs: HashInputs) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(inputs.canonical) if inputs.canonical else {}
    return found


def _hashed(left: HashInputs, right: HashInputs) -> list[Difference]:
    ours, theirs = _contents(left), _contents(right)
    found = []
    for name in sorted({*ours, *theirs}):
        if name in ours and name in theirs and ours[name] == theirs[name]:
            continue
        what = "virtual package" if name.startswith("__") else "variable"
        both = name in ours and name in theirs
        found.append(
            Difference(
                what,
                name,
                ours.get(name),
                theirs.get(name),
                True,
                _why(left, name, name in ours, both),
                _why(right, name, name in theirs, both),
            )
        )
    return found


def _not_hashed(left: HashInputs, right: HashInputs) -> list[Difference]:
    """Used variables that are not hashed: python and the like."""
    found = []
    names = {v.name for inputs in (left, right) for v in inputs.variables if not v.hashed}
    for name in sorted(names - {*_contents(left), *_contents(right)}):
        one, other = left.variable(name), right.variable(name)
        mine, theirs = (one.value if one else None), (other.value if other else None)
        if mine != theirs and (one or not left.unused) and (other or not right.unused):
            why = (_why(left, name, one is not None, True), _why(right, name, other is not None, True))
            found.append(Difference("variable", name, mine, theirs, False, *why))
    return found


def _names(left: HashInputs, right: HashInputs) -> list[Difference]:
    found = []
    for what, mine, theirs, kind in (
        ("name", left.name, right.name, ""),
        ("version", left.version, right.version, ""),
        ("platform", left.subdir, right.subdir, ""),
        ("build number", left.build_number, right.build_number, "number"),
    ):
        if mine != theirs:
            why = (_part(left, kind), _part(right, kind)) if kind else ((), ())
            found.append(Difference(what, "", mine, theirs, False, *why))
    if left.build_string != right.build_string and not found and left.hash == right.hash:
        shown = (_all_parts(left), _all_parts(right))
        found.append(Difference("build string", "", left.build_string, right.build_string, False, *shown))
    return found


def _part(inputs: HashInputs, kind: str) -> Why:
    return tuple((p.why, p.place) for p in inputs.parts if p.kind == kind and p.place)


def _all_parts(inputs: HashInputs) -> Why:
    return tuple((f"{p.text}: {p.why}", p.place) for p in inputs.parts)


def _why(inputs: HashInputs, name: str, there: bool, both: bool) -> Why:
    """Why a variable has its value on one side (where it is hashed on both), or why it is there at all, or is not."""
    for virtual in inputs.virtual:
        if virtual.name == name:
            return ((virtual.brought_by or "a run requirement", virtual.place),)
    variable = inputs.variable(name)
    if there and variable:
        given = tuple((given_words(g), g.place) for g in (variable.by, *variable.narrowed) if g)
        if both and given:
            return given
        return (*((use_words(u), u.place) for u in variable.uses), *(g for g in given if g[1]))
    if variable:
        return ((f"used, but not hashed: {variable.not_hashed}", None),)
    unused = inputs.why_unused(name)
    if unused:
        return ((f"not used: {unused_words(unused)}", unused.place),)
    if name.startswith("__"):
        return (("no run requirement on it", None),)
    return ((f"its variants have no {name}", None),)


def _verdict(left: HashInputs, right: HashInputs, differences: Sequence[Difference]) -> str:
    hashed = [d.name for d in differences if d.hashed]
    if hashed:
        return f"the hashes differ ({left.hash or 'none'}, {right.hash or 'none'}) because of {', '.join(hashed)}"
    same = f"the hash is the same ({left.hash})" if left.hash else "neither has anything to hash"
    if not differences and left.build_string == right.build_string:
        return f"{same}, and so is the name"
    what = [d.what if d.what != "variable" else d.name for d in differences]
    return f"{same}; what differs is {', '.join(what)}" if what else f"{same}; the build strings differ"
