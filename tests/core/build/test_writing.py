from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from cbw_core.build import write_scripts
from cbw_core.config import Config
from cbw_core.events import Recorder
from cbw_core.layout import Layout


def bash(text: str, environ: dict[str, str]) -> list[str]:
    done = subprocess.run(["bash", "-c", text], env=environ, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def activation_scripts(layout: Layout) -> None:
    """What a compiler package puts into a prefix: a script that adds to flags."""
    folder = layout.build_prefix / "etc/conda/activate.d"
    folder.mkdir(parents=True)
    (folder / "cc.sh").write_text('export CFLAGS="${CFLAGS:+$CFLAGS }-O2"\nexport CC=$CONDA_PREFIX/bin/cc\n')


def test_files_have_the_modes_and_names_of_conda_build(make, layout: Layout, config: Config, environ) -> None:
    scripts = write_scripts(make({"build.sh": "make"}), layout, config, environ=environ)
    assert (scripts.env_file, scripts.build_file) == (layout.env_file, layout.build_file)
    assert stat.S_IMODE(layout.env_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(layout.build_file.stat().st_mode) == 0o700
    assert sorted(p.name for p in layout.work.iterdir()) == ["build_env_setup.sh", "conda_build.sh"]


def test_script_follows_the_header_as_it_is(make, layout, config, environ) -> None:
    text = "#!/bin/bash\nset -ex\n\techo 'a\\b' \"$PREFIX\""
    scripts = write_scripts(make({"build.sh": text}), layout, config, environ=environ)
    lines = layout.build_file.read_text().split("\n")
    assert lines[0] == "if [ -z ${CONDA_BUILD+x} ]; then"
    assert "\n".join(lines[scripts.header_lines :]) == text


def test_activation_line_works_in_a_bare_bash(make, layout, config, environ) -> None:
    write_scripts(make({"build.sh": "echo $PKG_NAME $SRC_DIR"}), layout, config, environ=environ)
    line = f"cd '{layout.work}' && source '{layout.work}/build_env_setup.sh' && bash conda_build.sh"
    assert bash(line, {}) == [f"pkg {layout.work}"]
    assert bash(f"set -eu; {line}", {"PREFIX": "/wrong", "CONDA_PREFIX": "/other"}) == [f"pkg {layout.work}"]


def test_script_run_by_hand_outside_enters_the_environment(make, layout, config, environ) -> None:
    write_scripts(make({"build.sh": "echo $CONDA_BUILD $PREFIX"}), layout, config, environ=environ)
    assert bash(f"bash '{layout.build_file}'", environ) == [f"1 {layout.host_prefix}"]


def test_what_the_environment_names_survives_any_character(make, layout, config, environ) -> None:
    nasty = "a 'b' \"c\" $HOME `id` \\ \n !x #"
    output = make(variant={"nasty": nasty, "python": "3.11"}, meta={"build": {"script_env": ["SECRET_TOKEN"]}})
    environ["SECRET_TOKEN"] = nasty
    write_scripts(output, layout, config, environ=environ)
    out = bash(f"source '{layout.env_file}'; printf '%s' \"$nasty\"; printf '%s' \"$SECRET_TOKEN\"", {})
    assert "\n".join(out) == nasty + nasty


def test_no_python_value_is_written_as_python_writes_it(make, layout, config, environ) -> None:
    variant = {"pin_run_as_build": {"a": {}}, "zip_keys": [["a", "b"]], "s": {"x"}, "t": ("a",)}
    write_scripts(make(variant=variant), layout, config, environ=environ)
    text = layout.env_file.read_text()
    assert not any(name in text for name in ("pin_run_as_build", "zip_keys", "export s=", "export t=", "{'", "['"))


def test_build_programs_come_first_and_scripts_of_activation_run(make, layout, config, environ) -> None:
    activation_scripts(layout)
    for prefix in (layout.build_prefix, layout.host_prefix):
        tool = prefix / "bin/cc"
        tool.write_text("#!/bin/sh\n")
        tool.chmod(0o755)
    write_scripts(make(), layout, config, environ=environ)
    out = bash(f"source '{layout.env_file}'; echo $CFLAGS; command -v cc; echo $CC; echo $CONDA_PREFIX", {})
    assert out == ["-O2", f"{layout.build_prefix}/bin/cc", f"{layout.build_prefix}/bin/cc", str(layout.build_prefix)]


@pytest.mark.parametrize("between", ["", "export CC=mine; ", "bash -c '"])
def test_sourcing_twice_doubles_nothing(make, layout, config, environ, between: str) -> None:
    activation_scripts(layout)
    write_scripts(make(), layout, config, environ=environ)
    once = bash(f"source '{layout.env_file}'; echo $CFLAGS; echo $PATH", {})
    source = f'source "{layout.env_file}"'
    again = f"{source}; {between}{source}; echo $CFLAGS; echo $PATH{chr(39) if between.endswith(chr(39)) else ''}"
    assert bash(again, {}) == once
    assert once[0] == "-O2"


def test_activation_can_be_switched_off(make, layout, config, environ) -> None:
    activation_scripts(layout)
    write_scripts(make(meta={"build": {"activate_in_script": False}}), layout, config, environ=environ)
    assert bash(f"source '{layout.env_file}'; echo [$CFLAGS]; echo $PATH", {})[0] == "[]"
    assert "cc.sh" not in layout.env_file.read_text()


@pytest.mark.parametrize(
    ("fields", "activated"),
    [
        ({"script": "install.sh"}, False),
        ({"meta": {"build": {"activate_in_script": False, "script": "true"}}}, True),
    ],
)
def test_a_script_of_an_output_can_switch_activation_off_and_a_build_script_of_one_cannot(
    make, layout, config, environ, fields, activated
) -> None:
    activation_scripts(layout)
    section = {"meta": {"build": {"activate_in_script": False}}, "name": "lib", "is_output": True}
    write_scripts(make({"install.sh": "true\n"}, **{**section, **fields}), layout, config, environ=environ)
    assert ("cc.sh" in layout.env_file.read_text()) is activated


def test_file_script_of_an_output_is_its_text_not_its_name(make, layout, config, environ) -> None:
    output = make({"build-lib.sh": "echo made $PKG_NAME\n"}, name="lib", script="build-lib.sh", is_output=True)
    write_scripts(output, layout, config, environ=environ)
    assert bash(f"bash '{layout.build_file}'", environ) == ["made lib"]
    assert "\nbuild-lib.sh\n" not in layout.build_file.read_text()


@pytest.mark.parametrize(
    ("name", "text"),
    [("b.py", "import os\nprint('made', os.environ['PKG_NAME'])"), ("b.pl", 'print "made $ENV{PKG_NAME}\\n"')],
)
def test_script_for_another_interpreter_runs_by_it(make, layout, config, environ, name: str, text: str) -> None:
    write_scripts(make({name: text}, script=name, is_output=True), layout, config, environ=environ)
    assert bash(f"cd '{layout.work}' && bash conda_build.sh", environ) == ["made pkg"]
    assert (layout.work / name).is_file()


def test_output_without_script_has_no_build_file_and_loses_an_old_one(make, layout, config, environ) -> None:
    write_scripts(make({"build.sh": "make"}), layout, config, environ=environ)
    (Path(make().recipe_dir) / "build.sh").unlink()
    scripts = write_scripts(make(), layout, config, environ=environ)
    assert scripts.build_file is None
    assert not layout.build_file.exists()
    assert layout.env_file.exists()


def test_undefined_variables_of_script_env_are_told(make, layout, config, environ) -> None:
    sink = Recorder()
    write_scripts(make(meta={"build": {"script_env": "NOT_SET"}}), layout, config, environ=environ, sink=sink)
    assert any("NOT_SET" in text for text in sink.notes("warning"))
