"""Where each variable of a build comes from."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.build import Variable, explained, write_scripts
from cbw_core.config import Config
from cbw_core.errors import BuildError
from cbw_core.layout import Layout

CC = 'export CFLAGS="${CFLAGS:+$CFLAGS }-O2"\nexport CC=$CONDA_PREFIX/bin/cc\nunset LANG\n'


def put_script(prefix: Path, name: str, text: str, dist: str = "") -> None:
    """An activate.d script, of a package where one is named."""
    folder = prefix / "etc/conda/activate.d"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    if dist:
        package, version, build = dist.split("-")
        record = {"name": package, "version": version, "build": build, "files": [f"etc/conda/activate.d/{name}"]}
        (prefix / "conda-meta").mkdir(exist_ok=True)
        (prefix / "conda-meta" / f"{dist}.json").write_text(json.dumps(record))


def by_name(found: tuple[Variable, ...]) -> dict[str, Variable]:
    return {variable.name: variable for variable in found}


def origins(variable: Variable) -> list[tuple[str, str]]:
    return [(source.origin, source.detail) for source in variable.sources]


def test_each_variable_has_its_source(make, layout: Layout, config: Config, environ) -> None:
    meta = {"build": {"script_env": ["SECRET_TOKEN", "FLAVOUR=sweet"]}}
    variant = {"python": "3.11", "blas": "mkl"}
    output = make({"build.sh": "make"}, meta=meta, variant=variant)
    found = by_name(explained(output, layout, replace(config, activate=False), environ=environ))
    assert origins(found["PKG_NAME"]) == [("conda-build", "")]
    assert origins(found["blas"]) == [("variant", "blas")]
    assert origins(found["PY_VER"]) == [("variant", "python")]
    assert origins(found["LANG"]) == [("caller", "")]
    assert origins(found["SECRET_TOKEN"]) == [("script_env", "build/script_env, the caller's")]
    assert origins(found["FLAVOUR"]) == [("script_env", "build/script_env, set by the recipe")]
    assert found["PATH"].sources[0].origin == "conda-build"


def test_activation_is_told_script_by_script_with_its_package(make, layout: Layout, config: Config, environ) -> None:
    put_script(layout.build_prefix, "cc.sh", CC, "gcc-12.2-0")
    put_script(layout.build_prefix, "more.sh", 'export CFLAGS="$CFLAGS -g"\n', "flags-1.0-0")
    put_script(layout.build_prefix, "own.sh", "export MINE=1\n")
    output = make({"build.sh": "make"})
    found = by_name(explained(output, layout, config, environ={**environ, "CFLAGS": "-Wall"}))
    assert found["CFLAGS"].value == "-Wall -O2 -g"
    assert origins(found["CFLAGS"]) == [("activate.d", "flags-1.0-0"), ("activate.d", "gcc-12.2-0"), ("caller", "")]
    assert found["CFLAGS"].sources[1].value == "-Wall -O2"
    assert origins(found["MINE"]) == [("activate.d", "no package")]
    assert found["LANG"].value is None
    assert found["CONDA_PREFIX"].sources[0].origin == "activation"
    assert found["CC"].value == f"{layout.build_prefix}/bin/cc"


def test_they_are_the_variables_that_the_script_sees(make, layout: Layout, config: Config, environ) -> None:
    put_script(layout.build_prefix, "cc.sh", CC + "export ODD=$'two\\nlines'\n", "gcc-12.2-0")
    output = make({"build.sh": "env -0"})
    found = {v.name: v.value for v in explained(output, layout, config, environ=environ) if v.value is not None}
    write_scripts(output, layout, config, environ=environ)
    done = subprocess.run(["bash", layout.build_file], env={}, capture_output=True, cwd=layout.work, check=True)
    seen = dict(row.split("=", 1) for row in done.stdout.decode().split("\0") if row)
    for name in ("_", "SHLVL", "PWD", "OLDPWD", "_CBW_UNDO"):
        seen.pop(name, None)
    assert found == seen


def test_secrets_are_named_and_their_values_are_not(make, layout: Layout, config: Config, environ) -> None:
    put_script(layout.host_prefix, "leak.sh", "export SECRET_TOKEN=$SECRET_TOKEN-more\n", "leak-1.0-0")
    output = make({"build.sh": ""}, meta={"build": {"script": {"file": "build.sh", "secrets": ["SECRET_TOKEN"]}}})
    found = explained(output, layout, config, environ=environ)
    assert "SECRET_TOKEN" in by_name(found)
    assert "hush" not in repr(found)


def test_a_script_that_ends_the_shell_is_named(make, layout: Layout, config: Config, environ) -> None:
    put_script(layout.host_prefix, "stop.sh", "echo enough; exit 3\n", "stop-1.0-0")
    with pytest.raises(BuildError, match=r"stop\.sh") as caught:
        explained(make({"build.sh": ""}), layout, config, environ=environ)
    assert caught.value.why == "enough"


def test_the_tests_have_variables_of_their_own(make, layout: Layout, config: Config, environ) -> None:
    put_script(layout.test_prefix, "run.sh", "export RUNNING=1\n", "app-1.0-0")
    found = by_name(explained(make(), layout, config, purpose="test", environ=environ))
    assert found["CONDA_BUILD_STATE"].value == "TEST" and "PIP_NO_INDEX" not in found
    assert origins(found["RUNNING"]) == [("activate.d", "app-1.0-0")]
