"""What rendering remembers, when asked, of why an output came out as it did. Data only; `explaining` fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cbw_core.errors import Place


@dataclass(frozen=True)
class Use:
    """A place that makes a variable used.

    how:     "selector", "expression", "requirement", "item" (of another list), "pin_compatible", "pin_subpackage",
             "compiler", "stdlib", "cdt", "if", "for", "set", "script"; "forced" (build/force_use_keys), "always"
             (conda-build counts it whatever the recipe says; no place), "implied" (by the use of the variable `by`).
    section: the keys the line stands under ("requirements/host"); "" at the top and in scripts.
    """

    name: str
    how: str
    place: Place | None
    section: str = ""
    by: str = ""


@dataclass(frozen=True)
class Unused:
    """A variable that is not used, and what comes nearest to a use.

    why: "not named"; "setting" (no variable: pin_run_as_build and the like); "ignored" (build/force_ignore_keys);
         "noarch" (target_platform does not count there);
         "run only" and "build only" (requirements that do not count); "selected out" (`text`: the selector);
         "other output"; "own version" (a requirement that says its version itself); "unseen in script" (named there
         in a form, or after another $, that conda-build does not see); "mentioned" (in some other form).
    """

    name: str
    why: str
    place: Place | None = None
    text: str = ""


@dataclass(frozen=True)
class Written:
    """A requirement as the recipe has it, rendered, at its place. section: "run" or "run_constrained"."""

    section: str
    spec: str
    place: Place | None


@dataclass(frozen=True)
class Exported:
    """One spec that a package of build or host exports.

    package: its dist. kind: weak, strong, noarch, weak_constrains, strong_constrains. joined: the requirement sections
    it was put into. ignored: "ignore_run_exports" or "ignore_run_exports_from", by the item `by` at `place`; or
    "python_version_independent" or "noarch_python", which ignore python's.
    """

    env: str
    package: str
    kind: str
    spec: str
    joined: tuple[str, ...] = ()
    ignored: str = ""
    by: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Pinned:
    """A run requirement before and after it was pinned to what the output is built with.

    how: "pin_run_as_build", "numpy x.x"; "" where only `.*` was added. version: what it is built with.
    """

    before: str
    after: str
    how: str = ""
    version: str = ""


@dataclass
class Record:
    """What finalizing an output notes down as it goes.

    run, run_constrained: as the recipe has them, rendered. added: (spec, why) of run requirements from elsewhere:
    "requirements.txt", "build/osx_is_app", "build/pin_depends".
    """

    run: list[str] = field(default_factory=list)
    run_constrained: list[str] = field(default_factory=list)
    exported: list[Exported] = field(default_factory=list)
    pinned: list[Pinned] = field(default_factory=list)
    added: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Trail:
    """Of one output. places: of fields by path ("build/number", "package/version"), where the recipe has them;
    written: in the order of the recipe. exported, pinned, added: empty unless the output was finalized."""

    uses: tuple[Use, ...] = ()
    unused: tuple[Unused, ...] = ()
    written: tuple[Written, ...] = ()
    exported: tuple[Exported, ...] = ()
    pinned: tuple[Pinned, ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
