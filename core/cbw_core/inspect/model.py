"""What inspecting finds, as plain data: drawn by the faces, printed as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from cbw_core.errors import Place
    from cbw_core.render import Exported, Unused, Use
    from cbw_core.variants import Given


@dataclass(frozen=True)
class Variable:
    """A used variable of an output.

    hashed:    whether it is in what is hashed; not_hashed: why it is not ("" where it is).
    shown:     the part of the build string that shows it ("py311"); "" for none.
    by:        the source of its value; its values are those it was chosen from. None: not known.
    narrowed:  later sources that leave only some of those; overridden: earlier ones that `by` replaced.
    zipped:    keys that change together with it.
    uses:      every place that makes it used; empty where they are not known.
    """

    name: str
    value: Any
    hashed: bool
    not_hashed: str = ""
    shown: str = ""
    by: Given | None = None
    narrowed: tuple[Given, ...] = ()
    overridden: tuple[Given, ...] = ()
    zipped: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True)
class Hashed:
    """A run requirement on a virtual package, which is hashed whole: "__glibc" with "__glibc >=2.17"."""

    name: str
    spec: str
    place: Place | None = None
    brought_by: str = ""


@dataclass(frozen=True)
class StringPart:
    """A part of a build string, and what it comes from. kind: "version", "hash", "number", "features", "recipe"."""

    text: str
    kind: str
    why: str
    place: Place | None = None


@dataclass(frozen=True)
class HashInputs:
    """What makes an output's build string.

    subject:   the recipe or package it was asked of; kind: which of the two.
    canonical: the JSON text that is hashed; "" where there is nothing to hash. sha1: of that, in full.
    hash:      "h" and seven digits of it, as the build string has them; "" for none.
    variables: the used ones; unused: other keys of the variant, and why (recipes only).
    remarks:   what a person should know first, one line each.
    """

    subject: str
    kind: Literal["recipe", "package"]
    name: str
    version: str
    build_string: str
    build_number: int
    subdir: str
    canonical: str
    sha1: str
    hash: str
    variables: tuple[Variable, ...] = ()
    virtual: tuple[Hashed, ...] = ()
    parts: tuple[StringPart, ...] = ()
    unused: tuple[Unused, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def dist(self) -> str:
        return f"{self.name}-{self.version}-{self.build_string}"

    def variable(self, name: str) -> Variable | None:
        return next((v for v in self.variables if v.name == name), None)

    def why_unused(self, name: str) -> Unused | None:
        return next((u for u in self.unused if u.name == name), None)


@dataclass(frozen=True)
class Pin:
    """How a requirement was tightened. how: "pin_run_as_build" (by the rule `by`, for packages built with `version`) or
    "numpy x.x"."""

    how: str
    version: str
    by: Given | None = None


@dataclass(frozen=True)
class Origin:
    """What brought a run dependency.

    how:  "recipe", "pin_compatible", "pin_subpackage" (a line of the recipe), "run_exports", "requirements.txt",
          "build/osx_is_app", "build/pin_depends", "not known".
    spec: as it came; pin: what was made of it. For run_exports: the package (dist) in `env`, and the kind.
    """

    how: str
    spec: str
    place: Place | None = None
    package: str = ""
    env: str = ""
    kind: str = ""
    pin: Pin | None = None


@dataclass(frozen=True)
class Dependency:
    """A requirement of the package. section: "run" or "run_constrained"."""

    section: str
    spec: str
    origins: tuple[Origin, ...]


@dataclass(frozen=True)
class Dependencies:
    """final: whether environments were solved; without, nothing is known of run_exports and pins.

    ignored: run_exports that the recipe says to ignore. unused: those that packages of build and host have, but that do
    not reach this output (weak ones of build, say).
    """

    final: bool
    run: tuple[Dependency, ...] = ()
    run_constrained: tuple[Dependency, ...] = ()
    ignored: tuple[Exported, ...] = ()
    unused: tuple[Exported, ...] = ()


@dataclass(frozen=True)
class Explained:
    """One output of a recipe."""

    inputs: HashInputs
    dependencies: Dependencies


@dataclass(frozen=True)
class Difference:
    """Something that is not alike in two outputs.

    what: "variable", "virtual package", "name", "version", "build string", "build number", "platform".
    left, right: the values; None where one side has none. left_why, right_why: what made it so there, each with its
    place where there is one. hashed: whether it makes the hashes differ.
    """

    what: str
    name: str
    left: Any
    right: Any
    hashed: bool
    left_why: tuple[tuple[str, Place | None], ...] = ()
    right_why: tuple[tuple[str, Place | None], ...] = ()


@dataclass(frozen=True)
class Comparison:
    """The hash inputs of two outputs or packages, held against each other. verdict: what they come to, in a line."""

    left: HashInputs
    right: HashInputs
    verdict: str
    differences: tuple[Difference, ...] = ()

    @property
    def same_hash(self) -> bool:
        return self.left.hash == self.right.hash


@dataclass(frozen=True)
class Key:
    """A key of the variant configuration.

    values: all of its values, in order. used_by: names of the outputs that use it; unused: why none does.
    by: where the values come from.
    """

    name: str
    values: tuple[Any, ...]
    used_by: tuple[str, ...] = ()
    unused: Unused | None = None
    by: Given | None = None
    narrowed: tuple[Given, ...] = ()
    zipped: tuple[str, ...] = ()

    @property
    def used(self) -> bool:
        return bool(self.used_by)


@dataclass(frozen=True)
class Row:
    """One variant. values: of the keys that vary. builds: dists. skipped: why, where it is skipped. like: the number of
    an earlier row that builds the same. nothing: why it builds nothing at all."""

    number: int
    values: Mapping[str, Any] = field(default_factory=dict)
    builds: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    like: int | None = None
    nothing: str = ""


@dataclass(frozen=True)
class VariantMatrix:
    """The variants of a recipe.

    axes: the keys that vary, those zipped together in one group, each group with the number of its rows. keys: all but
    the settings. final: whether the dists come from a solved render.
    """

    recipe: str
    axes: tuple[tuple[tuple[str, ...], int], ...]
    keys: tuple[Key, ...]
    rows: tuple[Row, ...]
    outputs: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    final: bool = False
