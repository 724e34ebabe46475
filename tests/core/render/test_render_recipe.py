"""Rendering without a resolver: what a recipe comes to, what is told of it, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cbw_core.errors import Interrupted, RecipeError
from cbw_core.events import Recorder
from cbw_core.process import Cancel
from cbw_core.recipe import load
from cbw_core.render import Output, line_of, render_recipe, to_yaml
from core.render.rendering_help import ENVIRON, config, render, write

SIMPLE = """\
{% set version = "1.2" %}
package:
  name: simple
  version: {{ version }}
source:
  url: https://example.org/simple-{{ version }}.tar.gz
  sha256: abc
build:
  number: 3
  script: {{ PYTHON }} -m pip install . --prefix {{ PREFIX }}
requirements:
  build:
    - {{ compiler('c') }}
  host:
    - python
    - zlib 1.2
  run:
    - python
test:
  commands:
    - one  # [win]
    - two  # [linux]
    - three
"""
SPLIT = """\
package:
  name: split
  version: "1"
outputs:
  - name: lib
    script: install.sh
  - name: tools
    requirements:
      host:
        - {{ pin_subpackage('lib', exact=True) }}
      run:
        - {{ pin_subpackage('lib', max_pin='x') }}
    test:
      commands:
        - tool
"""


def test_a_simple_recipe_in_all_its_parts(tmp_path: Path) -> None:
    rendered = render(tmp_path, SIMPLE)
    (output,) = rendered.outputs
    assert output.name == "simple" and output.version == "1.2" and output.build_number == 3
    assert output.requirements.build == ("gcc_linux-64",)
    assert output.requirements.host == ("python 3.11.*", "zlib 1.2")
    assert output.hash_input == {"c_compiler": "gcc", "target_platform": "linux-64"}
    assert output.used_vars == ("c_compiler", "python", "target_platform")
    assert output.build_string.startswith("py311h") and output.build_string.endswith("_3")
    assert output.meta["source"] == [{"url": "https://example.org/simple-1.2.tar.gz", "sha256": "abc"}]
    assert (output.subdir, output.host_subdir, output.build_subdir) == ("linux-64", "linux-64", "linux-64")
    assert not output.final and not output.is_output and not output.merges_build_and_host
    assert rendered.toplevel == () and rendered.skipped == () and rendered.warnings == ()
    assert rendered.files_read == (str(tmp_path / "meta.yaml"),)


def test_paths_of_a_session_are_references(tmp_path: Path) -> None:
    (output,) = render(tmp_path, SIMPLE).outputs
    assert output.meta["build"]["script"] == "$PYTHON -m pip install . --prefix $PREFIX"
    (output,) = render(tmp_path, host_platform="win-64").outputs
    assert (output.host_subdir, output.build_subdir) == ("win-64", "linux-64")
    assert output.meta["test"]["commands"] == ["one", "three"]


def test_the_recipe_can_be_its_file(tmp_path: Path) -> None:
    write(tmp_path, SIMPLE)
    by_file = render_recipe(tmp_path / "meta.yaml", config(tmp_path), environ=ENVIRON)
    assert by_file.outputs == render(tmp_path).outputs


def test_outputs_come_in_build_order_with_the_top_level_beside_them(tmp_path: Path) -> None:
    write(tmp_path, SPLIT, install__sh="echo $c_compiler \n")
    rendered = render(tmp_path)
    lib, tools = rendered.outputs
    assert (lib.name, tools.name) == ("lib", "tools")
    assert lib.is_output and lib.script == "install.sh" and "c_compiler" in lib.used_vars
    assert tools.meta["test"] == {"commands": ["tool"]} and lib.meta.get("test", {}) == {}
    assert tools.requirements.run == ("lib",) or tools.requirements.run[0].startswith("lib")
    (top,) = rendered.toplevel
    assert top.is_toplevel and top.name == "split"
    assert str(tmp_path / "install.sh") in rendered.files_read
    for output in (lib, tools, top):
        assert Output.from_json(json.loads(json.dumps(output.to_json()))) == output


def test_variants_make_outputs_and_those_alike_are_one(tmp_path: Path) -> None:
    config_file = "python:\n  - 3.10\n  - 3.11\nunused:\n  - a\n  - b\n"
    write(tmp_path, SIMPLE, conda_build_config__yaml=config_file)
    rendered = render(tmp_path)
    assert sorted(o.variant["python"] for o in rendered.outputs) == ["3.10", "3.11"]
    assert str(tmp_path / "conda_build_config.yaml") in rendered.files_read
    assert rendered.outputs[0].variant_files == (str(tmp_path / "conda_build_config.yaml"),)
    only = render(tmp_path, python=("3.10",)).outputs
    assert [o.variant["python"] for o in only] == ["3.10"]


def test_a_skipped_recipe_says_why_and_where(tmp_path: Path) -> None:
    text = "package:\n  name: a\n  version: 1\nbuild:\n  number: 0\n  skip: true  # [linux]\n"
    rendered = render(tmp_path, text)
    assert rendered.outputs == ()
    (skipped,) = rendered.skipped
    assert skipped.name == "a" and f"{tmp_path / 'meta.yaml'}:6" in skipped.why and "[linux]" in skipped.why


def test_unknown_fields_are_warned_of_with_their_line(tmp_path: Path) -> None:
    sink = Recorder()
    write(tmp_path, "package:\n  name: a\n  version: 1\nbuild:\n  nubmer: 2\n")
    rendered = render_recipe(tmp_path, config(tmp_path), environ=ENVIRON, sink=sink)
    (warning,) = rendered.warnings
    assert "meta.yaml:5:3" in warning and "Did you mean 'number'?" in warning
    assert sink.notes("warning") == [warning]


def test_append_and_clobber_files_change_the_recipe(tmp_path: Path) -> None:
    write(
        tmp_path,
        SIMPLE,
        recipe_append__yaml="requirements:\n  run:\n    - six  # [linux]\n",
        recipe_clobber__yaml="requirements:\n  host:\n    - lua\nbuild:\n  number: 7\n",
    )
    (output,) = render(tmp_path).outputs
    assert output.requirements.run == ("python", "six")
    assert output.requirements.host == ("lua 5.*",) and output.build_number == 7
    other = tmp_path / "other.yaml"
    other.write_text("about:\n  home: here\n")
    (output,) = render(tmp_path, append_file=str(other)).outputs
    assert output.meta["about"] == {"home": "here"} and output.requirements.run == ("python",)


def test_noarch_packages_go_to_noarch(tmp_path: Path) -> None:
    text = "package: {name: a, version: 1}\nbuild: {noarch: python}\nrequirements: {host: [python], run: [python]}\n"
    (output,) = render(tmp_path, text).outputs
    assert (output.subdir, output.noarch, output.dist) == ("noarch", "python", "a-1-py_0")
    assert output.host_subdir == "linux-64"


def test_yaml_of_an_output_reads_back(tmp_path: Path) -> None:
    text = SIMPLE + "about:\n  summary: 'yes'\n  description: |\n    two\n    lines\n"
    (output,) = render(tmp_path, text).outputs
    shown = to_yaml(output)
    assert load(shown, "safe") == dict(output.meta)
    assert shown.index("package:") < shown.index("source:") < shown.index("requirements:") < shown.index("about:")
    assert "description: |\n" in shown and "  host:\n    - python 3.11.*\n" in shown


def test_a_path_leads_to_the_line_of_the_text(tmp_path: Path) -> None:
    file = write(tmp_path, SIMPLE) / "meta.yaml"
    assert line_of(file, ("source", 0, "sha256")).line == 7
    assert line_of(file, ("test", "commands", 1)).line == 22
    assert line_of(file, ("requirements", "build", 0)).line == 13
    assert line_of(file, ("build", "absent")).line == 8
    assert line_of(file, ("absent",)).line is None
    (tmp_path / "list.yaml").write_text("source:\n  - url: a\n  - url: b\n    sha256: c\n")
    assert line_of(tmp_path / "list.yaml", ("source", 1, "sha256")).line == 4


@pytest.mark.parametrize(
    ("text", "line", "kind"),
    [
        ("package:\n  name: A\n  version: 1\n", 2, "schema"),
        ("package:\n  name: a\n  version: 1-2\n", 3, "schema"),
        ("package:\n  - a\n", 1, "schema"),
        ("package:\n  name: a\n  version: 1\nbuild:\n  number: x\n", 5, "schema"),
        ("package:\n  name: a\n  version: 1\nbuild:\n  noarch: foo\n", 5, "schema"),
        ("package:\n  name: a\n  version: 1\nrequirements:\n  run:\n    - b\n    - a\n", 7, "schema"),
        ("{% set x = 1 %}\n# [win]\npackage:\n  name: a\n  x: y: z\n", 5, "yaml"),
        ("{% for i in (1, 2) %}\n{% endfor %}\npackage:\n  name: a\n x: y\n", 5, "yaml"),
        ("package:\n  name: a\n  version: 1 # [py ==]\n", 3, "selector"),
        ("package:\n  name: a\n{{ x. }}\n", 3, "jinja"),
        ("package:\n  name: a\n  version: {{ x.split('.')[0] }}\n", 3, "jinja"),
        ("package: {name: a, version: 1}\nsource:\n  git_rev: a\n  git_tag: b\n", 4, "schema"),
        ("package: {name: a, version: 1}\nrequirements:\n  run_constrained:\n    - b >=1<2\n", 4, "schema"),
        ("package: {name: a, version: 1}\noutputs:\n  - name: b\n    script: none.sh\n", 2, "schema"),
    ],
)
def test_an_error_names_the_line_to_blame(tmp_path: Path, text: str, line: int, kind: str) -> None:
    with pytest.raises(RecipeError) as caught:
        render(tmp_path, text)
    error = caught.value
    assert error.kind == kind and error.exit_status == 2
    assert error.place and error.place.file == str(tmp_path / "meta.yaml")
    assert error.place.line in (line, line + 1)


def test_a_circle_of_outputs_is_told(tmp_path: Path) -> None:
    outputs = "  - name: a\n    requirements:\n      - b\n  - name: b\n    requirements:\n      - a\n"
    text = "package: {name: p, version: 1}\noutputs:\n" + outputs
    with pytest.raises(RecipeError, match="circle"):
        render(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "package: {name: a, version: 1}\nbuild:\n  skip: true  # [__import__('os').system('touch made')]\n",
        "{{ environ.__class__ }}\npackage: {name: a, version: 1}\n",
        "{% for i in range(10**9) %}x{% endfor %}\n",
        "{{ load_file_data('/etc/passwd', 'yaml') }}\n",
        "{{ load_file_regex('../../../../../../../../etc/passwd', 'x', from_recipe_dir=True).group() }}\n",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{c}: &{c} [{','.join('*' + chr(ord(c) - 1) for _ in range(9))}]\n" for c in "bcdefghijkl"),
    ],
)
def test_hostile_recipes_end_in_an_error_and_do_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(RecipeError):
        render(tmp_path / "r", text, environ={**ENVIRON, "HOME": str(tmp_path)})
    assert not list(tmp_path.rglob("made"))


def test_files_of_the_recipe_can_be_loaded(tmp_path: Path) -> None:
    text = (
        "{% set data = load_file_data('data.toml', from_recipe_dir=True) %}\n"
        "{% set found = load_file_regex('code.py', '= (.*)', from_recipe_dir=True) %}\n"
        "{% set more = load_str_data('{\"n\": 5}', 'json') %}\n"
        "package:\n  name: {{ data.project.name }}\n  version: {{ found.group(1) }}\nbuild:\n  number: {{ more.n }}\n"
    )
    write(tmp_path, text, data__toml="[project]\nname = 'x'\n", code__py="version = 1.5\n")
    rendered = render(tmp_path)
    assert rendered.outputs[0].dist == "x-1.5-5"
    assert {Path(f).name for f in rendered.files_read} == {"meta.yaml", "data.toml", "code.py"}


SETUP = """\
import os
from setuptools import setup
setup(name="x", version="3.4", description=os.environ.get("SECRET", "clean"), packages=[])
"""
USES_SETUP = (
    "{% set data = load_setup_py_data() %}\n"
    "package:\n  name: x\n  version: {{ data.get('version') }}\nsource:\n  path: .\n"
    "about:\n  summary: {{ data.get('description') }}\n"
)


def test_setup_py_runs_in_a_child_with_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("setuptools")
    monkeypatch.setenv("SECRET", "told")
    write(tmp_path, USES_SETUP, setup__py=SETUP)
    sink = Recorder()
    rendered = render_recipe(tmp_path, config(tmp_path), environ=ENVIRON, sink=sink)
    (output,) = rendered.outputs
    assert output.version == "3.4" and output.meta["about"]["summary"] == "clean"
    assert any("setup.py" in note for note in sink.notes("info"))
    assert "setuptools" not in sys.modules or "x" not in sys.modules


@pytest.mark.parametrize(
    "asked",
    [
        "from setuptools import find_packages as found",
        "import setuptools.command.build_ext\nfound = setuptools.command.build_ext.build_ext",
        "from helper import find_packages as found",
        "from distant import Extension as found",
    ],
)
def test_setup_py_has_all_of_setuptools_that_it_asks_for(tmp_path: Path, asked: str) -> None:
    pytest.importorskip("setuptools")
    code = f"from setuptools import setup\n{asked}\nsetup(version='1', description=found.__name__)\n"
    helper = "from setuptools import find_packages\n"
    distant = (
        "from distutils.core import Extension, setup as other\nfrom setuptools import setup\nassert other is setup\n"
    )
    write(tmp_path, USES_SETUP, setup__py=code, helper__py=helper, distant__py=distant)
    (output,) = render(tmp_path).outputs
    assert output.meta["about"]["summary"] in ("find", "build_ext", "Extension")


def test_setup_cfg_wins_over_setup_py(tmp_path: Path) -> None:
    pytest.importorskip("setuptools")
    write(tmp_path, USES_SETUP, setup__py=SETUP, setup__cfg="[metadata]\nversion = 5.6\n")
    assert render(tmp_path).outputs[0].version == "5.6"


def test_setup_py_is_refused_where_no_code_may_run(tmp_path: Path) -> None:
    write(tmp_path, USES_SETUP, setup__py="open('made', 'w')\n")
    with pytest.raises(RecipeError) as caught:
        render(tmp_path, no_code=True)
    assert caught.value.kind == "trust" and not (tmp_path / "made").exists()


def test_a_setup_py_that_fails_is_told(tmp_path: Path) -> None:
    pytest.importorskip("setuptools")
    write(tmp_path, USES_SETUP, setup__py="raise SystemExit('no way')\n")
    with pytest.raises(RecipeError, match="no way"):
        render(tmp_path)


def test_git_variables_come_from_a_local_repository(tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    repository.mkdir()

    def git(*arguments: str) -> None:
        env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=repository, env=env, check=True, capture_output=True)

    git("init", "-q")
    (repository / "f").write_text("1")
    git("add", "f")
    git("commit", "-qm", "one")
    git("tag", "v1.5")
    (repository / "f").write_text("2")
    git("commit", "-qam", "two")
    text = (
        "package:\n  name: a\n  version: {{ GIT_DESCRIBE_TAG[1:] }}\n"
        "source:\n  git_url: ../repo\nbuild:\n  number: {{ GIT_DESCRIBE_NUMBER }}\n"
    )
    (output,) = render(tmp_path / "recipe", text).outputs
    assert output.dist == "a-1.5-1"


def test_a_request_to_stop_ends_rendering(tmp_path: Path) -> None:
    cancel = Cancel()
    cancel.request()
    write(tmp_path, SIMPLE)
    with pytest.raises(Interrupted):
        render_recipe(tmp_path, config(tmp_path), environ=ENVIRON, cancel=cancel)


def test_importing_the_room_loads_no_template_engine() -> None:
    code = "import sys, cbw_core.render; sys.exit(any(m in sys.modules for m in ('jinja2', 'yaml', 'rattler')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_mapping_as_a_variants_value_is_let_be_until_the_recipe_uses_it(tmp_path: Path) -> None:
    meta = "package: {name: a, version: '1'}\nrequirements:\n  host:\n    - zlib\n"
    config_yaml = "settings:\n  - {k: v}\n"
    folder = write(tmp_path, meta, **{"conda_build_config.yaml": config_yaml})
    assert [o.name for o in render(folder).outputs] == ["a"]
    folder = write(tmp_path, meta.replace("zlib", "settings"), **{"conda_build_config.yaml": config_yaml})
    with pytest.raises(RecipeError, match="settings, which has a mapping") as error:
        render(folder)
    assert error.value.kind == "variant"
