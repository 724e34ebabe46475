from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cbw_core.build import environment, run_build
from cbw_core.errors import BuildError, Interrupted
from cbw_core.events import Recorder
from cbw_core.layout import Layout
from cbw_core.process import Cancel


@pytest.fixture
def build(make, layout: Layout, config, environ):
    """Run a build.sh (or what the keywords of an Output say); gives what was told."""

    def build(text: str = "", **fields) -> Recorder:
        files = fields.pop("files", {"build.sh": text})
        log = fields.pop("log", None)
        cancel = fields.pop("cancel", None)
        sink = fields.pop("sink", Recorder())
        run_build(make(files, **fields), layout, config, environ=environ, sink=sink, cancel=cancel, log=log)
        return sink

    return build


@pytest.fixture
def fails(build):
    def fails(text: str = "", **fields) -> BuildError:
        with pytest.raises(BuildError) as caught:
            build(text, **fields)
        assert caught.value.kind == "build"
        return caught.value

    return fails


def test_build_runs_in_the_work_folder_with_the_clean_environment(build, layout: Layout) -> None:
    text = 'pwd -P; echo "$PKG_NAME-$PKG_VERSION"; echo "${SECRET_TOKEN-unset}"; touch "$PREFIX/bin/a"'
    sink = build(text)
    assert (layout.host_prefix / "bin/a").exists()
    assert sink.log()[-3:] == ["$SRC_DIR", "pkg-1.2", "unset"]


def test_long_paths_are_short_in_events_and_whole_in_the_log(build, layout: Layout, tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    sink = build('echo "$PREFIX/lib $BUILD_PREFIX/bin $SRC_DIR/x"', log=log)
    assert sink.log()[-1] == "$PREFIX/lib $BUILD_PREFIX/bin $SRC_DIR/x"
    assert f"export PREFIX={layout.host_prefix}" in sink.log()
    assert f"{layout.host_prefix}/lib {layout.build_prefix}/bin {layout.work}/x\n" in log.read_text()


def test_only_variables_of_the_build_are_there(build, make, layout: Layout, config, environ) -> None:
    sink = build("compgen -e")
    names = set(sink.log()[3:])
    assert not names & {"BASH_ENV", "SECRET_TOKEN"}
    assert {"PREFIX", "CONDA_BUILD", "SP_DIR"} <= names
    shells = {"_", "_CBW_UNDO", "CONDA_PREFIX", "CONDA_PREFIX_1", "CONDA_SHLVL", "CONDA_STACKED_2", "OLDPWD", "PWD",
              "CONDA_PROMPT_MODIFIER", "SHLVL", "GIT_PAGER", "PAGER"}  # fmt: skip
    assert names - shells == set(environment(make({}), layout, config, environ=environ))


SCRIPTS = {
    "simple": ("true\nfalse\n", 2, "false", 1),
    "set -ex": ("set -ex\necho a\nls /no/such/file\n", 3, "ls /no/such/file", 2),
    "command not found": ("echo a\n\nno-such-command --x\n", 3, "no-such-command --x", 127),
    "function": ("f() {\n  echo in\n  false\n  echo out\n}\n\nf\n", 3, "false", 1),
    "loop": ("for i in 1 2; do\n  [[ $i == 1 ]]\ndone\n", 2, "[[ $i == 1 ]]", 1),
    "subshell": ("(\n  cd /\n  exit_with() { return 5; }\n  exit_with\n)\n", 4, "exit_with", 5),
    "substitution": ("a=1\nb=$(cat /no/such)\n", 2, "b=$(cat /no/such)", 1),
    "continued": ("ls \\\n  /no/such \\\n  -l\n", 1, "ls \\", 2),
    "pipefail": ("set -o pipefail\nfalse | cat\n", 2, "false | cat", 1),
    "unset variable": ("set -u\n\necho $NOPE_X\n", 3, "echo $NOPE_X", 1),
    "syntax": ("echo a\nif true; then\n", 3, None, 2),
    "explicit exit": ("if true; then\n  exit 3\nfi\n", 2, "exit 3", 3),
    "own exit trap": ("trap 'echo bye' EXIT\n\nfalse\n", 3, "false", 1),
    "harmless ones before": ("false || :\nif ! false; then :; fi\nx=$(false; :)\ntest -e /no\n", 4, "test -e /no", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_failure_names_the_scripts_own_line(fails, name: str) -> None:
    text, line, command, status = SCRIPTS[name]
    error = fails(text)
    assert error.place is not None
    assert Path(error.place.file).name == "build.sh"
    assert error.place.line == line
    if command is not None:
        assert error.place.text == command
    assert f"status {status}" in f"{error.why} {error.message}"


def test_failure_says_what_to_do_and_shows_the_last_lines(fails) -> None:
    error = fails("for i in $(seq 100); do echo line $i; done\necho -e '\\e[31mred\\e[0m'\nls $PREFIX/nope\n")
    assert error.message == "the build of pkg failed: `ls $PREFIX/nope` in build.sh, line 3"
    assert "cbw shell" in str(error.hint)
    lines = str(error.details).splitlines()
    assert "line 100" in lines
    assert "red" in lines
    assert len(lines) <= 20


def test_failure_in_a_sourced_file_names_that_file(fails) -> None:
    files = {"build.sh": "echo a\nsource $RECIPE_DIR/common.sh\n", "common.sh": "# \nfalse\n"}
    error = fails(files=files)
    assert error.place is not None
    assert (Path(error.place.file).name, error.place.line) == ("common.sh", 2)


def test_failure_of_an_activation_script_names_it(fails, layout: Layout) -> None:
    script = layout.host_prefix / "etc/conda/activate.d/broken.sh"
    script.parent.mkdir(parents=True)
    script.write_text("export A=1\nno-such-tool\n")
    error = fails("echo never\n")
    assert error.place is not None
    assert (error.place.file, error.place.line) == (str(script), 2)


def test_failure_of_lines_in_meta_yaml_names_their_line(fails) -> None:
    meta = "build:\n  script:\n    - echo a\n    - ls /no/such  # [unix]\n"
    error = fails(files={"meta.yaml": meta}, meta={"build": {"script": ["echo a", "ls /no/such"]}})
    assert error.place is not None
    assert (Path(error.place.file).name, error.place.line) == ("meta.yaml", 4)
    assert "build/script of meta.yaml" in error.message


def test_failure_of_a_python_script_names_its_line(fails) -> None:
    text = "def f():\n    raise KeyError('x')\n\nf()\n"
    error = fails(files={"b.py": text}, script="b.py", is_output=True)
    assert error.place is not None
    assert (Path(error.place.file).name, error.place.line) == ("b.py", 2)
    assert "recipe" in error.place.file


def test_death_of_a_command_by_a_signal_is_told(fails) -> None:
    error = fails("echo a\nbash -c 'kill -SEGV $$'\n")
    assert "SIGSEGV" in str(error.why)
    assert error.place is not None
    assert error.place.line == 2


HARMLESS = {
    "own ERR trap": "trap 'echo caught $LINENO' ERR\nset +e\nfalse\ntrue\n",
    "own EXIT trap": "trap 'echo bye' EXIT\nfalse || echo went on\n",
    "xtrace": "set -x\nset +e\nfalse\ny=$(false)\nset -e\n",
    "child bashes": "bash -c 'false; echo $BASH_ENV-; trap -p'\n",
    "status is kept": "set +e\nfalse\necho $? ${PIPESTATUS[@]}\n(exit 7) | true\necho ${PIPESTATUS[@]}\n",
    "functions": "set +e\nf() { false; }\nf\necho $?\n",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_watching_does_not_disturb_the_script(build, layout: Layout, environ, name: str) -> None:
    """The same output as from bash alone."""
    import subprocess

    text = HARMLESS[name]
    script = layout.root / "plain.sh"
    script.write_text("\n" * 3 + text)
    alone = subprocess.run(
        ["bash", "-o", "errexit", str(script)], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert build(text).log()[3:] == alone.stdout.splitlines()
    assert alone.returncode == 0


def test_own_err_trap_still_gives_the_line_where_bash_tells_it(fails) -> None:
    error = fails("trap 'echo caught' ERR\necho a\nno-such-command\n")
    assert error.place is not None
    assert error.place.line == 3


def test_c_programs_do_not_hold_their_lines_back(build) -> None:
    assert "terminal" in build("test -t 1 && echo terminal\n").log()


def test_processes_left_behind_are_ended_and_told(build) -> None:
    sink = build("setsid sleep 600 &\necho done\n")
    assert any("sleep" in text for text in sink.notes("warning"))


def test_cancel_ends_the_build(build) -> None:
    cancel = Cancel()

    def sink(event) -> None:
        if getattr(event, "text", "") == "ready":
            threading.Thread(target=cancel.request).start()

    with pytest.raises(Interrupted):
        build("echo ready\nsleep 600\n", cancel=cancel, sink=sink)


def test_activated_programs_are_found(build, layout: Layout) -> None:
    tool = layout.build_prefix / "bin/my-tool"
    tool.write_text("#!/bin/sh\necho from the build prefix\n")
    tool.chmod(0o755)
    assert build("my-tool\n").log()[-1] == "from the build prefix"


def test_files_of_a_run_are_kept_private(build, layout: Layout) -> None:
    build("true\n")
    assert {p.name for p in layout.work.iterdir()} == {"build_env_setup.sh", "conda_build.sh"}
