from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cbw_core.build import active_prefixes, environment, undefined
from cbw_core.config import Config
from cbw_core.layout import Layout
from cbw_core.platforms import native_subdir
from cbw_core.render.output import Requirements

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="values of Linux")


def test_paths_and_names_are_those_of_the_session(make, layout: Layout, config: Config, environ) -> None:
    values = environment(make(), layout, config, environ=environ)
    assert values["PREFIX"] == str(layout.host_prefix)
    assert values["BUILD_PREFIX"] == str(layout.build_prefix)
    assert values["SRC_DIR"] == str(layout.work)
    assert values["CONDA_BUILD"] == "1"
    assert values["CONDA_BUILD_STATE"] == "BUILD"
    assert (values["PKG_NAME"], values["PKG_VERSION"], values["PKG_BUILDNUM"]) == ("pkg", "1.2", "0")
    assert values["PKG_CONFIG_PATH"] == f"{layout.host_prefix}/lib/pkgconfig"
    assert values["SUBDIR"] == values["build_platform"] == native_subdir()
    assert values["PIP_NO_BUILD_ISOLATION"] == "False"
    assert values["PIP_NO_DEPENDENCIES"] == values["PIP_NO_INDEX"] == "True"
    assert "PYTHONDONTWRITEBYTECODE" not in values


NAMES = """
    CONDA_BUILD PYTHONNOUSERSITE CONDA_DEFAULT_ENV ARCH PREFIX BUILD_PREFIX SYS_PREFIX SYS_PYTHON
    SUBDIR build_platform SRC_DIR ROOT CONDA_PY PY3K PY_VER STDLIB_DIR SP_DIR PYTHON NPY_VER
    CONDA_NPY NPY_DISTUTILS_APPEND_FLAGS PERL_VER CONDA_PERL LUA_VER CONDA_LUA R_VER CONDA_R
    PKG_NAME PKG_VERSION PKG_BUILDNUM PKG_BUILD_STRING PKG_HASH RECIPE_DIR CPU_COUNT LANG SHLIB_EXT
    PATH HOME PKG_CONFIG_PATH CMAKE_GENERATOR LD_RUN_PATH BUILD CONDA_BUILD_STATE
    PIP_NO_BUILD_ISOLATION PIP_NO_DEPENDENCIES PIP_IGNORE_INSTALLED PIP_CACHE_DIR PIP_NO_INDEX
"""


@linux
def test_names_are_those_conda_build_sets_and_no_others(make, layout: Layout, config: Config, environ) -> None:
    values = environment(make(variant={}, hash_input={"a": "1"}), layout, config, environ=environ)
    assert set(values) == set(NAMES.split())


def test_nothing_of_the_caller_gets_in_but_what_is_let_through(make, layout: Layout, config: Config, environ) -> None:
    environ |= {"MAKEFLAGS": "-j2", "HTTPS_PROXY": "http://proxy", "PYTHONPATH": "/x", "CFLAGS": "-O1", "EMPTY": ""}
    values = environment(make(), layout, config, environ=environ)
    assert not {"SECRET_TOKEN", "PYTHONPATH", "EMPTY", "HTTP_PROXY"} & set(values)
    assert (values["MAKEFLAGS"], values["HTTPS_PROXY"]) == ("-j2", "http://proxy")


def test_path_has_build_then_host_then_the_callers(make, layout: Layout, config: Config, environ) -> None:
    values = environment(make(), layout, config, environ={**environ, "PATH": "/usr/bin:/bin"})
    assert values["PATH"] == f"{layout.build_prefix}/bin:{layout.host_prefix}/bin:/usr/bin:/bin"


def test_versions_of_languages_follow_the_variant(make, layout: Layout, config: Config, environ) -> None:
    (layout.host_prefix / "lib/python3.12").mkdir(parents=True)
    variant = {"python": "3.12.* *_cpython", "numpy": "2.0", "perl": "5.32.1", "lua": "2.1", "r_base": "4.3.1"}
    output = make(variant=variant, requirements=Requirements(host=("lua", "r-base", "perl 5.32.*")))
    values = environment(output, layout, config, environ=environ)
    assert (values["PY_VER"], values["CONDA_PY"], values["PY3K"]) == ("3.12", "312", "1")
    assert values["SP_DIR"] == f"{layout.host_prefix}/lib/python3.12/site-packages"
    assert (values["NPY_VER"], values["CONDA_NPY"]) == ("2.0", "20")
    assert (values["PERL_VER"], values["LUA_VER"], values["R_VER"]) == ("5.32", "2.1", "4.3.1")
    assert "PYTHON" not in values
    assert values["PERL"] == f"{layout.host_prefix}/bin/perl"
    assert values["LUA"] == f"{layout.host_prefix}/bin/luajit"
    assert values["R"] == f"{layout.host_prefix}/bin/R"


def test_variant_keys_become_variables_where_a_shell_can_have_them(make, layout, config, environ) -> None:
    variant = {
        "python": "3.11", "numpy": "1.26", "r_base": "4", "lua": "5", "perl": "5.26.2",
        "c_compiler": "gcc", "number": 3, "flag": True, "off": False, "target_platform": "linux-64",
        "pin_run_as_build": {"python": {"min_pin": "x.x"}}, "ignore_version": ["a"], "extend_keys": [],
        "not-a-name": "x", "none": None, "quote": "it's \"$HOME\"",
    }  # fmt: skip
    values = environment(make(variant=variant), layout, config, environ=environ)
    assert (values["c_compiler"], values["number"], values["flag"], values["off"]) == ("gcc", "3", "True", "False")
    assert values["r_base"] == "4"
    assert values["quote"] == 'it\'s "$HOME"'
    left_out = {"pin_run_as_build", "ignore_version", "extend_keys", "not-a-name", "none", "python", "numpy", "perl"}
    assert not left_out & set(values)


def test_a_variant_key_does_not_hide_a_variable_of_the_build(make, layout, config, environ) -> None:
    values = environment(make(variant={"prefix": "/wrong", "CPU_COUNT": "7"}), layout, config, environ=environ)
    assert "prefix" not in values
    assert values["CPU_COUNT"] == "7"


def test_script_env_passes_named_variables_and_values(make, layout, config, environ) -> None:
    told = ["SECRET_TOKEN", "GIVEN=a b", "AT=$PREFIX/x:${PKG_NAME}:$UNKNOWN", "MISSING"]
    output = make(meta={"build": {"script_env": told}})
    values = environment(output, layout, config, environ=environ)
    assert values["SECRET_TOKEN"] == "hush"
    assert values["GIVEN"] == "a b"
    assert values["AT"] == f"{layout.host_prefix}/x:pkg:$UNKNOWN"
    assert "MISSING" not in values
    assert undefined(output, environ) == ("MISSING",)


def test_hash_is_that_of_the_hash_input(make, layout, config, environ) -> None:
    values = environment(make(hash_input={"target_platform": "linux-64"}), layout, config, environ=environ)
    assert values["PKG_HASH"] == "hb0f4dca"  # sha1 of {"target_platform": "linux-64"}
    assert "PKG_HASH" not in environment(make(), layout, config, environ=environ)


def test_merged_environments_are_one_at_the_host_prefix(make, layout, config, environ) -> None:
    output = make(requirements=Requirements(build=("python",)))
    assert active_prefixes(output, layout) == (layout.host_prefix,)
    values = environment(output, layout, config, environ=environ)
    assert values["BUILD_PREFIX"] == values["PREFIX"] == str(layout.host_prefix)
    assert values["PATH"].count("/bin:") >= 1 and values["PATH"].startswith(
        f"{layout.host_prefix}/bin:{environ['PATH']}"
    )
    assert values["PYTHON"] == f"{layout.host_prefix}/bin/python"


@pytest.mark.parametrize(
    ("fields", "merged"),
    [
        ({"requirements": Requirements(build=("make",))}, True),
        ({"requirements": Requirements(build=(f"gcc_{native_subdir()}",)), "variant": {"c_compiler": "gcc"}}, False),
        ({"requirements": Requirements(build=("make",), host=("zlib",))}, False),
        ({"requirements": Requirements(), "meta": {"requirements": {"host": []}}}, False),
        ({"meta": {"build": {"merge_build_host": True}}}, True),
        ({"requirements": Requirements(), "meta": {"build": {"merge_build_host": False}}}, False),
        ({"requirements": Requirements(), "host_subdir": "osx-64"}, False),
    ],
)
def test_when_build_and_host_are_one(make, fields: dict, merged: bool) -> None:
    assert make(**fields).merges_build_and_host is merged


def test_host_then_build_are_activated(make, layout: Layout) -> None:
    assert active_prefixes(make(), layout) == (layout.host_prefix, layout.build_prefix)
    no_host = make(requirements=Requirements(build=("make",)), meta={"build": {"merge_build_host": False}})
    assert active_prefixes(no_host, layout) == (layout.build_prefix,)


def test_test_environment_is_at_the_test_prefix_and_folder(make, layout: Layout, config: Config, environ) -> None:
    values = environment(make(), layout, config, purpose="test", environ=environ)
    assert values["PREFIX"] == str(layout.test_prefix)
    assert values["SRC_DIR"] == str(layout.test_dir)
    assert values["CONDA_BUILD_STATE"] == "TEST"
    assert values["PYTHON"] == f"{layout.test_prefix}/bin/python"
    assert values["PATH"] == f"{layout.test_prefix}/bin:{environ['PATH']}"
    assert values["CONDA_NPY"] == "1.26"
    assert not {"BUILD_PREFIX", "PIP_NO_INDEX", "SECRET_TOKEN"} & set(values)
    assert str(layout.host_prefix) not in "".join(values.values())
    assert str(layout.work) not in "".join(values.values())


def test_output_script_gets_the_names_of_bundling(make, layout, config, environ) -> None:
    values = environment(make({"b.sh": ""}, script="b.sh", is_output=True), layout, config, environ=environ)
    assert (values["TOP_PKG_NAME"], values["TOP_PKG_VERSION"]) == ("pkg", "1.2")


def test_noarch_python_writes_no_bytecode(make, layout, config, environ) -> None:
    values = environment(make(noarch="python"), layout, config, environ=environ)
    assert values["PYTHONDONTWRITEBYTECODE"] == "True"


def test_no_activation_changes_nothing_of_the_variables(make, layout, config, environ, tmp_path: Path) -> None:
    from dataclasses import replace

    off = replace(config, activate=False)
    assert environment(make(), layout, off, environ=environ) == environment(make(), layout, config, environ=environ)
