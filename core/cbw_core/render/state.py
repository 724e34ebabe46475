"""One recipe with one variant on its way to an output: what conda-build's MetaData is, as data.

`work.Work` is what a whole rendering shares; `State` is one recipe's (or output's) sections with one variant. The
modules above are functions over them. Names of conda-build functions are given where a rule comes from one.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy as shallow_copy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cbw_core.errors import EnvironmentFailure, Place, RecipeError
from cbw_core.recipe import Namespace, copy
from cbw_core.recipe.schema import FIELDS
from cbw_core.render.others import Key, Others
from cbw_core.render.output import Resolved
from cbw_core.render.trail import Record
from cbw_core.render.values import PLAIN, ForgivenError, expand_requirements, freeze, subdir_of
from cbw_core.render.work import Work
from cbw_core.variants import Variant, Variants, as_list

_TRUES = {"y", "on", "true", "yes"}
_FALSES = {"n", "no", "false", "off"}
_BAD = set("=@#$%^&*:;\"'\\|<>?/ ")

_NOTHING: Mapping[str, Any] = {}

NO_VARIANTS = Variants(())


@dataclass(eq=False)
class State:
    """meta: the sections, changed in place by rendering. variants: those that this state stands for.

    host_platform: "noarch" where an output says so itself. target: an output's `target`. type: an output's `type`,
    None before the first copy. others: outputs of the recipe by (name, used variables), once known.
    undefined: names the last lenient rendering did not find. solved, siblings: as in Output, once finalized.
    unsatisfied: environments without a solution. record: what finalizing it notes down, where asked to.
    """

    work: Work
    meta: dict[str, Any]
    variant: Variant
    variants: Variants = NO_VARIANTS
    input_variants: Variants = NO_VARIANTS
    host_platform: str | None = None
    target: str | None = None
    type: str | None = None
    others: Others | None = None
    undefined: tuple[str, ...] = ()
    solved: dict[str, tuple[Resolved, ...]] = field(default_factory=dict)
    siblings: tuple[str, ...] = ()
    unsatisfied: dict[str, EnvironmentFailure] = field(default_factory=dict)
    record: Record | None = None
    # the text of the output's block as last found (render.texts), with what it was found by
    block: tuple[Any, Key, str] | None = field(default=None, init=False, repr=False)
    _namespace: tuple[Variant, str | None, Namespace] | None = field(default=None, init=False, repr=False)

    def copied(self) -> State:
        """Another of the same, with sections of its own."""
        made = shallow_copy(self)
        made.meta = copy(self.meta)
        made.type = self.type or PLAIN
        return made

    def variant_key(self, name: str) -> Any:
        """A value of the variant, hashable."""
        value = self.variant[name]
        return value if type(value) is str else freeze(value)

    # --- platforms (conda_build.config.Config)

    @property
    def build_subdir(self) -> str:
        return self.work.config.build_platform

    @property
    def host_subdir(self) -> str:
        return subdir_of(str(self.variant.get("target_platform", self.build_subdir)), self.host_platform)

    @property
    def host_os(self) -> str:
        return self.host_platform or str(self.variant.get("target_platform", self.build_subdir)).split("-", 1)[0]

    @property
    def host_arch(self) -> str:
        return str(self.variant.get("target_platform", self.build_subdir)).partition("-")[2] or "64"

    @property
    def same_subdirs(self) -> bool:
        return self.host_subdir == self.build_subdir

    @property
    def names(self) -> Namespace:
        known = self._namespace
        if known is None or known[0] is not self.variant or known[1] != self.host_platform:
            names = self.work.namespace(self.variant, self.host_subdir)
            known = self._namespace = (self.variant, self.host_platform, names)
        return known[2]

    # --- sections and values (MetaData.get_section, get_value)

    def section(self, name: str) -> Any:
        """A section: a mapping, or a list of mappings for source and outputs; empty where the recipe has none."""
        value = self.meta.get(name)
        if name in ("source", "outputs"):
            return [value] if isinstance(value, dict) and value else (value or [])
        return value or {}

    def value(self, path: str, default: Any = None) -> Any:
        """A value such as "build/number"; with no default, the empty value of the field's type. For source, the first
        one's. YAML 1.1 words for true and false become booleans."""
        section, key, kind = _field(path)
        data: Any = self.meta.get(section)
        if isinstance(data, list):
            data = data[0] if data else None
        value = data.get(key) if data else None
        if value is None:
            return kind() if default is None and kind else default
        if isinstance(value, str) and len(value) < 6:
            word = value.lower()
            if word in _TRUES:
                return True
            if word in _FALSES:
                return False
        return value

    @property
    def final(self) -> bool:
        return bool(self.value("extra/final"))

    @final.setter
    def final(self, value: bool) -> None:
        if self.meta.get("extra") is None:
            self.meta["extra"] = {}
        self.meta["extra"]["final"] = bool(value)

    @property
    def noarch(self) -> Any:
        return self.value("build/noarch")

    @property
    def noarch_python(self) -> bool:
        return bool(self.value("build/noarch_python"))

    @property
    def python_version_independent(self) -> Any:
        return self.value("build/python_version_independent") or self.noarch == "python" or self.noarch_python

    @property
    def skip(self) -> bool:
        return bool(self.value("build/skip", False))

    def set_noarch(self, value: Any, noarch_python: Any) -> None:
        build = self.meta.setdefault("build", {})
        build["noarch"] = value
        build["noarch_python"] = noarch_python
        if value or noarch_python:
            self.host_platform = "noarch"

    @property
    def parent(self) -> Mapping[str, Any]:
        return (self.meta.get("extra") or _NOTHING).get("parent_recipe") or _NOTHING

    @property
    def is_output(self) -> bool:
        """An output other than the one named like the recipe."""
        name = self.parent.get("name")
        return bool(name) and name != self.name()

    def is_output_safely(self) -> bool:
        """As is_output, for use while telling an error about the name."""
        name = self.parent.get("name")
        return bool(name) and name != (self.meta.get("package") or {}).get("name")

    def name(self) -> str:
        given = (self.meta.get("package") or _NOTHING).get("name")
        if type(given) is str and _is_plain(given, "name"):
            return given
        name = str(self.value("package/name", ""))
        if not name and self.final:
            raise self.fault(
                f"package/name is missing in {self.work.recipe_file.name}", ("package",), "Add  name: ...  to package."
            )
        if name != name.lower():
            hint = f"Write {name.lower()}, or use the lower filter: {{{{ name|lower }}}}."
            raise self.fault(f"package/name must be lower case, not {name!r}", ("package", "name"), hint)
        self._check_characters(name, "package/name", _BAD | {"!"})
        return name

    def version(self) -> str:
        given = (self.meta.get("package") or _NOTHING).get("version")
        if type(given) is str and _is_plain(given, "version"):
            return given
        version = str(self.value("package/version", ""))
        if not version and not self.section("outputs") and self.final:
            raise self.fault(
                f"package/version is missing in {self.work.recipe_file.name}",
                ("package",),
                "Add  version: ...  to package.",
            )
        self._check_characters(version, "package/version", _BAD | {"-"})
        if self.final and version.startswith("."):
            raise RecipeError(
                f"package/version must not start with a period: {version}",
                kind="schema",
                place=self.place(("package", "version")),
                hint=f"Write 0{version}.",
            )
        return version

    def build_number(self) -> int:
        number = self.value("build/number")
        if not number:
            return 0
        try:
            value = int(number)
        except (TypeError, ValueError):
            value = -1
        if value < 0:
            raise RecipeError(
                f"build/number is {number!r}; it must be an integer of at least 0",
                kind="schema",
                place=self.place(("build", "number")),
                hint="Write a number, 0 for the first build of a version.",
            )
        return value

    def _check_characters(self, value: str, path: str, bad: set[str]) -> None:
        found = bad.intersection(value)
        if found:
            hint = "Write - as _ or +." if found == {"-"} else "Use letters, digits, and  . _ -  in a name."
            raise self.fault(
                f"bad characters ({''.join(sorted(found))}) in {path}: {value}", tuple(path.split("/")), hint
            )

    def check_build_string(self, value: str) -> None:
        self._check_characters(value, "build/string", _BAD | {"-", "!"})

    # --- requirements

    def reqs(self, kind: str) -> list[Any]:
        return as_list(self.value(f"requirements/{kind}", []))

    def top_and_output_reqs(self, kind: str) -> list[str]:
        """The requirements of a kind, at the top level together with those of the output named like it."""
        own = [r for r in self.reqs(kind) if r]
        more: list[Any] = []
        outputs = self.section("outputs")
        if outputs and not self.is_output:
            same = next((o for o in outputs if o.get("name") == self.name()), None)
            if same:
                names = {str(r).split()[0] for r in own if str(r).split()}
                more = expand_requirements(same.get("requirements") or []).get(kind, [])
                more = [r for r in more if r and str(r).split()[0] not in names]
        return list(dict.fromkeys([*own, *more]))

    @property
    def is_cross(self) -> bool:
        """Whether there is a host section at all (MetaData.is_cross)."""
        if "host" in (self.meta.get("requirements") or _NOTHING):
            return True
        return bool(self.meta.get("outputs") and self.top_and_output_reqs("host"))

    # --- errors

    def place(self, path: tuple[str | int, ...] = ()) -> Place:
        return self.work.place_of(self, path)

    def fault(self, message: str, path: tuple[str | int, ...], hint: str) -> ForgivenError:
        return ForgivenError(message, kind="schema", place=self.place(path), hint=hint)


@lru_cache(maxsize=512)
def _field(path: str) -> tuple[str, str, type | None]:
    """A path's section, field, and the type of its default."""
    section, key = path.split("/")
    return section, key, FIELDS.get(section, {}).get(key)


@lru_cache(maxsize=4096)
def _is_plain(value: str, kind: str) -> bool:
    """Whether a name or version is as it should be, so that nothing more is to be checked."""
    if not value or value.lower() in _TRUES | _FALSES or _BAD.intersection(value) or value.startswith("."):
        return False
    return "-" not in value if kind == "version" else "!" not in value and value == value.lower()
