from __future__ import annotations

import json

import pytest

from cbw_core.errors import RecipeError
from cbw_core.render.output import Resolved
from cbw_core.test import TestPlan, plan_for

META = """\
package:
  name: pkg
test:
  requires:
    - pytest
  imports:
    - pkg
    - pkg.sub
  commands:
    - pkg --version
    - |
      one
      two
"""


def test_steps_are_those_of_the_section_in_the_order_they_run(make) -> None:
    section = {"imports": ["pkg", "pkg.sub"], "commands": ["pkg --version", "one\ntwo\n"], "requires": ["pytest"]}
    output = make({"meta.yaml": META, "run_test.py": "x", "run_test.sh": "y"}, section)
    plan = plan_for(output)
    assert [(step.kind, step.text, step.file) for step in plan.steps] == [
        ("run_test.py", "run_test.py", "run_test.py"),
        ("imports", "pkg", "run_test.py"),
        ("imports", "pkg.sub", "run_test.py"),
        ("run_test.sh", "run_test.sh", "run_test.sh"),
        ("commands", "pkg --version", "run_test.sh"),
        ("commands", "one\ntwo\n", "run_test.sh"),
    ]
    assert [step.place.line for step in plan.steps if step.place] == [None, 7, 8, None, 10, 12]
    assert plan.requires == ("pytest",)
    assert plan.suffixes == ("py", "sh")


def test_environment_is_for_the_very_build_and_what_the_tests_need(make) -> None:
    plan = plan_for(make(test={"imports": ["pkg"], "requires": ["pytest >=7", "perl"]}))
    assert plan.specs == ("pkg 1.2 0", "pytest >=7", "perl", "python")
    assert plan_for(make(test={"commands": ["pkg"]})).specs == ("pkg 1.2 0",)
    assert plan_for(make(test={"imports": ["x"], "requires": ["python 3.12.*"]})).specs == (
        "pkg 1.2 0",
        "python 3.12.*",
    )


def test_noarch_python_is_tested_with_the_python_it_was_built_with(make) -> None:
    python = Resolved(name="python", version="3.12.4", build="0", build_number=0, subdir="linux-64")
    plan = plan_for(make(test={"imports": ["pkg"]}, noarch="python", solved={"host": (python,)}))
    assert plan.specs == ("pkg 1.2 0", "python 3.12.*")


def test_imports_are_of_the_language_told_or_of_the_packages_name(make) -> None:
    mixed = {"imports": ["plain", {"lang": "perl", "imports": ["Foo::Bar"]}, {"lang": "python", "imports": ["a", "b"]}]}
    steps = plan_for(make(test=mixed)).steps
    assert [(s.file, s.text) for s in steps] == [
        ("run_test.py", "plain"),
        ("run_test.py", "a"),
        ("run_test.py", "b"),
        ("run_test.pl", "Foo::Bar"),
    ]
    assert [s.file for s in plan_for(make(test={"imports": ["JSON"]}, name="perl-json")).steps] == ["run_test.pl"]
    assert [s.file for s in plan_for(make(test={"imports": ["x"]}, name="lua-x")).steps] == ["run_test.lua"]
    assert [s.file for s in plan_for(make(test={"imports": ["x"]}, name="r-x")).steps] == ["run_test.r"]


def test_an_output_runs_only_the_script_it_names(make) -> None:
    files = {"run_test.py": "top", "run_test.sh": "top", "check-lib.sh": "own"}
    plan = plan_for(make(files, {"script": "check-lib.sh"}, is_output=True))
    assert [(s.kind, s.text) for s in plan.steps] == [("run_test.sh", "check-lib.sh")]
    assert plan_for(make(files, {}, is_output=True)).steps == ()


def test_script_of_an_output_that_is_not_there_is_named(make) -> None:
    with pytest.raises(RecipeError, match=r"no-such\.sh of output lib") as caught:
        plan_for(make(test={"script": "no-such.sh"}, is_output=True, name="lib"))
    assert caught.value.kind == "test"


def test_plan_survives_json(make) -> None:
    section = {"imports": ["pkg"], "files": ["a.txt"], "source_files": ["tests"], "downstreams": ["other"]}
    plan = plan_for(make({"run_test.sh": "x"}, section))
    assert TestPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    assert plan.downstreams == ("other",)
