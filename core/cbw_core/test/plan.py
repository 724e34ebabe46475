"""What the tests of a package are: the steps, and what their environment needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cbw_core.errors import Place, RecipeError
from cbw_core.render.output import Output

# suffix of a test script -> the package whose program runs it, and the program (conda_build.build.test). The order is
# that of conda_build.build._write_test_run_script; "" : bash, which needs no package.
RUNNERS: Mapping[str, tuple[str, str]] = {
    "py": ("python", "bin/python"),
    "pl": ("perl", "bin/perl"),
    "lua": ("lua", "bin/lua"),
    "r": ("r-base", "bin/Rscript"),
    "sh": ("", "bash"),
}
_LANGUAGES = {"python": "py", "perl": "pl", "lua": "lua", "r": "r"}
_PREFIXES = {"perl-": "perl", "lua-": "lua", "r-": "r"}


@dataclass(frozen=True)
class TestStep:
    """One thing that is tested.

    kind:  "imports", "commands", or the name of a test script: "run_test.py", "run_test.sh", ...
    text:  the module, the command, or the name the recipe's script has.
    file:  the generated file in the test folder that does it: "run_test.py", "run_test.sh", ...
    place: where the recipe says it, when known.
    """

    kind: str
    text: str
    file: str
    place: Place | None = None

    __test__ = False  # no test of pytest's


@dataclass(frozen=True)
class TestPlan:
    """The tests of one package.

    requires:     `test/requires`. What the package itself needs, the solver knows.
    python:       the version ("3.11") that `noarch: python` is tested with: the one it was built with; "" for any.
    files, source_files: the recipe's patterns.
    origin:       "recipe" or "package".
    downstreams:  specs of packages to be tested with this one.
    """

    name: str
    version: str
    build: str
    subdir: str
    host_subdir: str
    requires: tuple[str, ...] = ()
    steps: tuple[TestStep, ...] = ()
    files: tuple[str, ...] = ()
    source_files: tuple[str, ...] = ()
    python: str = ""
    origin: str = "recipe"
    downstreams: tuple[str, ...] = ()

    __test__ = False

    @property
    def dist(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of the test files there will be, in the order they are run."""
        made = {step.file.rpartition(".")[2] for step in self.steps}
        return tuple(suffix for suffix in RUNNERS if suffix in made)

    @property
    def specs(self) -> tuple[str, ...]:
        """What the test environment is solved for (MetaData.get_test_deps)."""
        found = [f"{self.name} {self.version} {self.build}", *self.requires]
        names = {spec.split()[0] for spec in found}
        if self.python:
            found.append(f"python {self.python}.*")
        for suffix in self.suffixes:
            package = RUNNERS[suffix][0]
            if package and package not in names and not (package == "python" and self.python):
                found.append(package)
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TestPlan:
        """The plan that `to_json` wrote."""
        values = dict(data)
        for key in ("requires", "files", "source_files", "downstreams"):
            values[key] = tuple(values[key])
        values["steps"] = tuple(
            TestStep(**{**step, "place": Place(**step["place"]) if step["place"] else None}) for step in data["steps"]
        )
        return cls(**values)


def plan_for(output: Output) -> TestPlan:
    """The tests the recipe has for an output. Raises RecipeError(kind="test") for a test script that is not there."""
    from cbw_core.post.recipe import place_of, texts

    test = output.section("test")
    steps: list[TestStep] = []
    for suffix in RUNNERS:
        name = _script_name(output, suffix)
        if name:
            steps.append(TestStep(f"run_test.{suffix}", name, f"run_test.{suffix}", Place(str(_path(output, name)))))
        if suffix != "sh":
            steps += [
                TestStep("imports", module, f"run_test.{suffix}", place_of(output, "imports", module))
                for module in imports(output, suffix)
            ]
    steps += [
        TestStep("commands", command, "run_test.sh", place_of(output, "commands", command.split("\n")[0]))
        for command in texts(test.get("commands"))
    ]
    return TestPlan(
        name=output.name,
        version=output.version,
        build=output.build_string,
        subdir=output.subdir,
        host_subdir=output.host_subdir,
        requires=tuple(output.test_requires) or tuple(texts(test.get("requires"))),
        steps=tuple(steps),
        files=tuple(texts(test.get("files"))),
        source_files=tuple(texts(test.get("source_files"))),
        python=_python_of(output),
        downstreams=_downstreams(test.get("downstreams")),
    )


def imports(output: Output, suffix: str) -> tuple[str, ...]:
    """`test/imports` of a language: those told to be of it, else those the package's name tells (create_test)."""
    from cbw_core.post.recipe import as_list, texts

    likely = next((language for start, language in _PREFIXES.items() if output.name.startswith(start)), "python")
    found: list[str] = []
    for item in as_list(output.section("test").get("imports")):
        if isinstance(item, Mapping):
            if _LANGUAGES.get(str(item.get("lang"))) == suffix:
                found += texts(item.get("imports"))
        elif item and _LANGUAGES[likely] == suffix:
            found.append(str(item))
    return tuple(found)


def _downstreams(value: Any) -> tuple[str, ...]:
    """A list, or a mapping by labels of workers, whose keys count (conda_build.build.build_tree)."""
    from cbw_core.post.recipe import texts

    return tuple(texts(list(value) if isinstance(value, Mapping) else value))


def _script_name(output: Output, suffix: str) -> str:
    """The recipe's test script of a language: run_test.* beside meta.yaml; for an output what `test/script` names."""
    if not output.is_output:
        name = f"run_test.{suffix}"
        return name if _path(output, name).is_file() else ""
    name = str(output.section("test").get("script") or "")
    if name.rpartition(".")[2].lower() != suffix:
        return ""
    if not _path(output, name).is_file():
        from cbw_core.post.recipe import place_of

        raise RecipeError(
            f"the test script {name} of output {output.name} is not in the recipe's folder",
            kind="test",
            place=place_of(output, "script", name),
            hint=f"Create {_path(output, name)}, or correct the name.",
        )
    return name


def _path(output: Output, name: str) -> Path:
    return Path(output.recipe_dir) / name


def _python_of(output: Output) -> str:
    if output.noarch != "python":
        return ""
    host = (*output.solved.get("host", ()), *output.solved.get("build", ()))
    return next((".".join(p.version.split(".")[:2]) for p in host if p.name == "python"), "")
