"""What brought each run dependency of an output: a line of the recipe, a run_export, a pin."""

from __future__ import annotations

import re

from cbw_core.inspect.model import Dependencies, Dependency, Origin, Pin
from cbw_core.render import Exported, Output, Pinned, Trail, Written
from cbw_core.variants import Origins

_PIN = re.compile(r"\{[{%].*?\b(pin_compatible|pin_subpackage|resolved_packages|compiler|stdlib|cdt)\s*\(")


def of_output(output: Output, trail: Trail, origins: Origins) -> Dependencies:
    """Of an output that was rendered with its trail."""
    run = [*_written(trail, "run"), *_exported(trail, "run"), *(Origin(why, spec) for spec, why in trail.added)]
    constrained = [*_written(trail, "run_constrained"), *_exported(trail, "run_constrained")]
    pins = {p.before: p for p in trail.pinned}
    return Dependencies(
        final=output.final,
        run=tuple(_dependency("run", spec, run, pins, origins) for spec in output.requirements.run),
        run_constrained=tuple(
            _dependency("run_constrained", spec, constrained, {}, origins)
            for spec in output.requirements.run_constrained
        ),
        ignored=tuple(e for e in trail.exported if e.ignored),
        unused=tuple(e for e in trail.exported if not e.ignored and not e.joined),
    )


def _written(trail: Trail, section: str) -> list[Origin]:
    return [_of_line(w) for w in trail.written if w.section == section]


def _of_line(written: Written) -> Origin:
    text = written.place.text if written.place else None
    called = _PIN.search(text or "")
    return Origin(called[1] if called else "recipe", written.spec, written.place)


def _exported(trail: Trail, section: str) -> list[Origin]:
    return [_of_export(e) for e in trail.exported if section in e.joined]


def _of_export(export: Exported) -> Origin:
    return Origin("run_exports", export.spec, package=export.package, env=export.env, kind=export.kind)


def _dependency(
    section: str, spec: str, candidates: list[Origin], pins: dict[str, Pinned], origins: Origins
) -> Dependency:
    """The candidates that came to be `spec`. One of no version is dropped for any other of its name, and all are for an
    exact one (conda_build.render._simplify_to_exact_constraints): they are among what brought it, too."""
    name = _name(spec)
    same_name = [(o, pins.get(o.spec)) for o in candidates if _name(o.spec) == name]
    after = [(_normal(p.after if p else o.spec), o, p) for o, p in same_name]
    same = [(o, p) for text, o, p in after if text in (_normal(spec), name)]
    exact = len(spec.split()) == 3
    chosen = same_name if exact and same else same or same_name
    found: list[Origin] = []
    for one in (_with_pin(o, p, origins) for o, p in chosen):
        if one not in found:
            found.append(one)
    return Dependency(section, spec, tuple(found) or (Origin("not known", spec),))


def _with_pin(origin: Origin, pinned: Pinned | None, origins: Origins) -> Origin:
    if pinned is None or not pinned.how:
        return origin
    by = origins.rule("pin_run_as_build", _name(pinned.before)) if pinned.how == "pin_run_as_build" else None
    # numpy x.x becomes a rule that is in no file
    pin = Pin(pinned.how if by else "numpy x.x", pinned.version, by)
    return Origin(origin.how, origin.spec, origin.place, origin.package, origin.env, origin.kind, pin)


def _name(spec: str) -> str:
    parts = spec.split()
    return parts[0] if parts else ""


def _normal(spec: str) -> str:
    """A spec for comparing: blanks alike, and `1.2` as `1.2.*`."""
    parts = spec.split()
    if len(parts) == 2 and re.fullmatch(r"[\w.]+", parts[1]):
        parts[1] += ".*"
    return " ".join(parts)
