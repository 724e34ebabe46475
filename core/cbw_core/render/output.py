"""Output: one package a recipe makes, rendered. What every later room reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Requirements:
    """Requirement specs as text, by section, in the recipe's order ("numpy 1.16.*", "zlib >=1.2")."""

    build: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    run_constrained: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resolved:
    """One package of a solved environment: what a channel says of it. `size` in bytes, `timestamp` in ms.

    run_exports: kind ("weak", "strong", "noarch", "weak_constrains", "strong_constrains") -> specs; None: not known.
    python_site_packages_path: where a python package keeps noarch ones (CEP 17); None: lib/pythonX.Y/site-packages.
    """

    name: str
    version: str
    build: str
    build_number: int
    subdir: str
    channel: str = ""
    url: str = ""
    file_name: str = ""
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    timestamp: int | None = None
    noarch: str = ""
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    run_exports: Mapping[str, tuple[str, ...]] | None = None
    python_site_packages_path: str | None = None

    @property
    def dist(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"


@dataclass(frozen=True)
class Output:
    """One output of one recipe with one variant.

    meta:         the rendered recipe of this output, sections as conda-build's MetaData.meta has them after rendering:
                  "package", "source" (a list of mappings), "build", "requirements", "test", "about", "extra", "app".
                  Plain dicts, lists, strings, numbers and booleans: it can be written as JSON and as YAML.
    top:          the rendered recipe as a whole (with "outputs"), for the top-level script and info/recipe/meta.yaml.
    variant:      every key of the variant, with its value.
    used_vars:    the keys that this output uses; hash_input: what is hashed, as in info/hash_input.json.
    host_subdir:  the platform the package is for; subdir: where the package goes ("noarch" for noarch ones).
    is_output:    declared under `outputs:`; is_toplevel: stands for the recipe's top level itself (TOPLEVEL).
    script:       the outputs' own script file or text lines (`outputs/script`), and its interpreter.
    files:        `outputs/files`, a list of globs or {"include": [...], "exclude": [...]}, None when absent.
    solved:       "build"/"host" -> the packages the final render pinned; empty when not final.
    siblings:     dists of outputs of the same recipe that build or host need, in build order; where there are any,
                  `solved` holds them too, as records without a URL.
    unsatisfied:  "build"/"host" -> why the environment has no solution; such an output is not final.
    one_prefix:   whether build and host are one environment, as rendering found it; None: not known.

    Paths that exist only in a session are written as references in meta: {{ PREFIX }} renders to $PREFIX, and so do
    BUILD_PREFIX, SRC_DIR, SP_DIR, STDLIB_DIR, PYTHON, PERL, LUA, LUA_INCLUDE_DIR, R and R_USER.
    """

    recipe_dir: str
    recipe_file: str
    name: str
    version: str
    build_string: str
    build_number: int = 0
    subdir: str = ""
    host_subdir: str = ""
    build_subdir: str = ""
    noarch: str = ""
    package_type: str = "conda"
    meta: Mapping[str, Any] = field(default_factory=dict)
    top: Mapping[str, Any] = field(default_factory=dict)
    variant: Mapping[str, Any] = field(default_factory=dict)
    used_vars: tuple[str, ...] = ()
    hash_input: Mapping[str, Any] = field(default_factory=dict)
    requirements: Requirements = field(default_factory=Requirements)
    test_requires: tuple[str, ...] = ()
    run_exports: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_output: bool = False
    is_toplevel: bool = False
    script: str | tuple[str, ...] | None = None
    script_interpreter: str | None = None
    files: Any = None
    final: bool = False
    solved: Mapping[str, tuple[Resolved, ...]] = field(default_factory=dict)
    siblings: tuple[str, ...] = ()
    unsatisfied: Mapping[str, str] = field(default_factory=dict)
    one_prefix: bool | None = None
    variant_files: tuple[str, ...] = ()

    @property
    def dist(self) -> str:
        """name-version-build, conda's name of the package."""
        return f"{self.name}-{self.version}-{self.build_string}"

    def file_name(self, package_format: str = ".conda") -> str:
        return self.dist + package_format

    @property
    def merges_build_and_host(self) -> bool:
        """Whether host and build are one environment, at the host prefix (MetaData.build_is_host): as
        `build/merge_build_host` says, else where there is no host section, no compiler and no other platform."""
        if self.one_prefix is not None:
            return self.one_prefix
        told = self.section("build").get("merge_build_host")
        if isinstance(told, bool):
            return told
        compilers = {f"{self.variant[k]}_{self.host_subdir}" for k in self.variant if k.endswith("_compiler")}
        return (
            self.host_subdir == self.build_subdir
            and not self.has_host
            and compilers.isdisjoint(spec.split()[0] for spec in self.requirements.build if spec.strip())
        )

    @property
    def has_host(self) -> bool:
        """Whether there is a host section, also an empty one (MetaData.is_cross)."""
        return bool(self.requirements.host) or "host" in self.section("requirements")

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of meta; an empty mapping where the recipe has none."""
        return self.meta.get(name) or {}

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data; `Output.from_json` gives an equal Output back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Output:
        values = {k: v for k, v in data.items() if k in {f.name for f in fields(cls)}}
        values["requirements"] = Requirements(**{k: tuple(v) for k, v in data["requirements"].items()})
        values["solved"] = {k: tuple(resolved_from_json(r) for r in v) for k, v in data.get("solved", {}).items()}
        for key in ("used_vars", "test_requires", "siblings", "variant_files"):
            values[key] = tuple(data.get(key) or ())
        values["run_exports"] = {k: tuple(v) for k, v in data.get("run_exports", {}).items()}
        if isinstance(data.get("script"), list):
            values["script"] = tuple(data["script"])
        return cls(**values)


def resolved_from_json(data: Mapping[str, Any]) -> Resolved:
    values = dict(data)
    values["depends"] = tuple(data.get("depends") or ())
    values["constrains"] = tuple(data.get("constrains") or ())
    if data.get("run_exports") is not None:
        values["run_exports"] = {k: tuple(v) for k, v in data["run_exports"].items()}
    return Resolved(**values)
