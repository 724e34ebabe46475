"""The order in which outputs are built, and circles in it (_toposort_outputs, _check_circular_dependencies)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cbw_core.errors import RecipeError
from cbw_core.render.output import Resolved
from cbw_core.render.outputs import Pair
from cbw_core.render.state import State


def build_order(pairs: Sequence[Pair]) -> list[Pair]:
    """Outputs after those they need, conda packages first, names that do not depend on each other by name.

    Raises RecipeError where outputs need each other.
    """
    by_name: dict[str, list[Pair]] = {}
    others: list[Pair] = []
    for pair in pairs:
        output, state = pair
        if str(output.get("type") or "conda").startswith((".conda", "conda")):
            if output.get("name") is None:
                raise RecipeError(
                    "an output has no name", kind="schema", place=state.place(("outputs",)), hint="Give it a name."
                )
            by_name.setdefault(output["name"], []).append(pair)
        elif "name" in output:
            others.append(pair)
        else:
            state.work.warn(f"an output of type {output['type']} has no name and is left out")
    needs = {name: _needs(group, by_name) for name, group in by_name.items()}
    order = [pair for name in _sorted(needs, pairs[0][1]) for pair in by_name[name]]
    return [*order, *others]


def _needs(group: Iterable[Pair], names: dict[str, list[Pair]]) -> set[str]:
    found: set[str] = set()
    for _, state in group:
        kinds = ["run", "host"] if state.is_cross else ["run", "host", "build"]
        for kind in kinds:
            found.update(str(r).split(" ")[0] for r in state.reqs(kind))
    return found & set(names)


def _sorted(needs: dict[str, set[str]], state: State) -> list[str]:
    left = {name: set(deps) - {name} for name, deps in needs.items()}
    order: list[str] = []
    while left:
        ready = sorted(name for name, deps in left.items() if not deps)
        if not ready:
            raise _circle(" -> ".join(left), state)
        order += ready
        left = {name: deps - set(ready) for name, deps in left.items() if name not in ready}
    return order


def link_order(packages: Sequence[Resolved]) -> list[Resolved]:
    """Packages as conda links them: level by level after what they depend on, by name within a level; what is in a
    circle comes last, by name (conda.models.prefix_graph.PrefixGraph)."""
    there = {package.name for package in packages}
    needs = {p.name: {spec.split()[0] for spec in p.depends if spec.split()} & there - {p.name} for p in packages}
    order: list[str] = []
    while needs:
        ready = sorted(name for name, deps in needs.items() if not deps) or sorted(needs)
        order += ready
        needs = {name: deps - set(ready) for name, deps in needs.items() if name not in ready}
    place = {name: number for number, name in enumerate(order)}
    return sorted(packages, key=lambda package: place[package.name])


def _circle(names: str, state: State) -> RecipeError:
    return RecipeError(
        f"outputs depend on each other in a circle: {names}",
        kind="schema",
        place=state.place(("outputs",)),
        hint="Break the circle, for example by a third output that both need.",
    )


def check_circles(pairs: Sequence[Pair]) -> None:
    """Refuse two outputs that name each other in build, host or run; build does not count when cross-compiling."""
    named: list[tuple[str, set[str]]] = []
    for _, state in pairs:
        kinds = ("host", "run") if not state.same_subdirs else ("build", "host", "run")
        named.append((state.name(), {str(r).split(" ")[0] for k in kinds for r in state.reqs(k)}))
    places: dict[str, list[int]] = {}
    for index, (name, _) in enumerate(named):
        places.setdefault(name, []).append(index)
    for index, (name, deps) in enumerate(named):
        later = sorted(place for dep in deps for place in places.get(dep, ()) if place > index)
        other = next((named[place][0] for place in later if name in named[place][1]), None)
        if other:
            raise _circle(f"{name} <-> {other}", pairs[index][1])
