from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from cbw_core.errors import BuildError, Interrupted, UsageError
from cbw_core.events import Recorder
from cbw_core.layout import Layout
from cbw_core.process import Cancel
from cbw_core.test import outcomes, plan_for, run, step_scripts
from cbw_core.test.preparing import _files, write_scripts

perl = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl here")


@pytest.fixture
def ready(make, layout: Layout, config, environ, prefix: Path):
    """A test folder made for an output; the plan."""

    def ready(files=None, test=None, **fields):
        output = make(files, test, **fields)
        plan = plan_for(output)
        _files(output, layout, Recorder())
        write_scripts(plan, output, layout, config, environ=environ)
        return plan

    return ready


@pytest.fixture
def test(ready, layout: Layout, environ):
    def test(files=None, section=None, **fields) -> Recorder:
        options = {key: fields.pop(key) for key in ("cancel", "log") if key in fields}
        sink = fields.pop("sink", Recorder())
        run(ready(files, section, **fields), layout, environ=environ, sink=sink, **options)
        return sink

    return test


@pytest.fixture
def fails(test):
    def fails(files=None, section=None, **fields) -> BuildError:
        with pytest.raises(BuildError) as caught:
            test(files, section, **fields)
        assert caught.value.kind == "test"
        assert "cbw shell --phase test" in str(caught.value.hint)
        return caught.value

    return fails


def test_imports_and_commands_pass_in_the_test_folder(test, layout: Layout) -> None:
    sink = test(section={"imports": ["json", "os.path"], "commands": ["pwd", "echo $PKG_NAME $CONDA_BUILD_STATE"]})
    assert [line for line in sink.log() if line.startswith("import:")] == ["import: 'json'", "import: 'os.path'"]
    assert "$SRC_DIR" in sink.log()
    assert "pkg TEST" in sink.log()


def test_tests_see_prefix_and_no_secret(test) -> None:
    sink = test(
        section={"commands": ["echo [$PREFIX] [${BUILD_PREFIX-none}] [${SECRET_TOKEN-none}] [${BASH_ENV-none}]"]}
    )
    assert "[$PREFIX] [none] [none] [none]" in sink.log()


def test_scripts_in_all_languages_run(test, layout: Layout) -> None:
    files = {
        "run_test.py": "open('py', 'w').close()\n",
        "run_test.pl": "open(my $f, '>', 'pl');\n",
        "run_test.sh": "touch sh\n",
    }
    if shutil.which("perl") is None:
        del files["run_test.pl"]
    test(files)
    assert {path.name for path in layout.test_dir.iterdir()} >= {name.rpartition(".")[2] for name in files}


def test_files_of_recipe_and_work_folder_are_there(test, layout: Layout) -> None:
    (layout.work / "tests").mkdir()
    (layout.work / "tests/a.txt").write_text("a\n")
    section = {"files": ["data.txt"], "source_files": ["tests"], "commands": ["cat data.txt tests/a.txt"]}
    log = test({"data.txt": "d\n"}, section).log()
    assert {"d", "a"} <= set(log)


def test_activation_line_gives_the_environment_in_a_bare_bash(ready, layout: Layout) -> None:
    ready(test={"commands": ["true"]})
    line = f"cd {layout.test_dir} && source conda_test_env_vars.sh && echo $PREFIX $PKG_NAME && command -v python"
    done = subprocess.run(["bash", "-c", line], env={}, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{layout.test_prefix} pkg", f"{layout.test_prefix}/bin/python"]


def test_runner_runs_what_run_does_by_hand(ready, layout: Layout) -> None:
    ready({"run_test.sh": "echo from script\n"}, {"imports": ["json"], "commands": ["echo command $PREFIX"]})
    done = subprocess.run(["bash", "conda_test_runner.sh"], cwd=layout.test_dir, env={}, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.splitlines() == ["import: 'json'", "from script", f"command {layout.test_prefix}"]


def test_runner_fails_when_a_test_fails(ready, layout: Layout) -> None:
    ready(test={"imports": ["no_such_module"], "commands": ["touch ran"]})
    done = subprocess.run(["bash", "conda_test_runner.sh"], cwd=layout.test_dir, env={}, capture_output=True)
    assert done.returncode == 1
    assert not (layout.test_dir / "ran").exists()


META = """\
test:
  imports:
    - json
    - no_such_module.sub
  commands:
    - echo one
    - ls /no/such/file  # [unix]
    - echo three
"""


def test_import_that_fails_is_named_with_its_line(fails, layout: Layout) -> None:
    error = fails({"meta.yaml": META}, {"imports": ["json", "no_such_module.sub"], "commands": ["touch ran"]})
    assert error.message == "the tests of pkg failed: import of no_such_module.sub"
    assert error.place is not None
    assert (Path(error.place.file).name, error.place.line) == ("meta.yaml", 4)
    assert "No module named 'no_such_module'" in str(error.why)
    assert "Traceback" in str(error.details)
    assert not (layout.test_dir / "ran").exists()


def test_import_is_named_when_the_traceback_is_long(fails, layout: Layout) -> None:
    code = "import sys\nsys.setrecursionlimit(500)\n\ndef f(n):\n    if n == 0: raise ValueError('deep')\n    g(n)\n\n"
    code += "def g(n):\n    f(n - 1)\n\nf(60)\n"
    (layout.work / "deepmod.py").write_text(code)
    error = fails({"meta.yaml": META}, {"imports": ["json", "deepmod"], "source_files": ["deepmod.py"]})
    assert error.message == "the tests of pkg failed: import of deepmod"
    assert error.why == "ValueError: deep"


def test_command_that_fails_is_named_with_its_line(fails) -> None:
    error = fails({"meta.yaml": META}, {"commands": ["echo one", "ls /no/such/file", "echo three"]})
    assert error.message == "the tests of pkg failed: command `ls /no/such/file`"
    assert error.place is not None
    assert (Path(error.place.file).name, error.place.line) == ("meta.yaml", 7)
    assert "echo three" not in str(error.details)


def test_command_of_several_lines_is_named(fails) -> None:
    commands = ["echo a", "if true; then\n  false\nfi\n", "echo three"]
    error = fails(section={"commands": commands})
    assert "command `if true; then" in error.message


def test_lines_of_own_scripts_are_named(fails) -> None:
    error = fails({"run_test.sh": "echo a\n\nfalse x\n"}, {"commands": ["echo never"]})
    assert error.place is not None
    assert (Path(error.place.file).parts[-2:], error.place.line) == (("recipe", "run_test.sh"), 3)
    assert "false x" in error.message

    error = fails({"run_test.py": "x = 1\n\nassert x == 2, 'wrong'\n", "run_test.sh": ""}, {"imports": ["json"]})
    assert error.place is not None
    assert (Path(error.place.file).parts[-2:], error.place.line) == (("recipe", "run_test.py"), 3)
    assert error.why == "AssertionError: wrong"


@perl
def test_perl_scripts_and_imports_are_named(fails) -> None:
    error = fails({"run_test.pl": "my $x = 1;\ndie 'no good';\n"})
    assert error.place is not None
    assert (Path(error.place.file).name, error.place.line) == ("run_test.pl", 2)
    (Path(error.place.file)).unlink()
    error = fails(section={"imports": ["strict", "No::Such"]}, name="perl-x")
    assert error.message == "the tests of perl-x failed: import of No::Such"


def test_script_with_its_own_err_trap_is_left_alone(test, fails) -> None:
    assert "caught" in test({"run_test.sh": "trap 'echo caught' ERR\nset +e\nfalse\ntrue\n"}).log()
    error = fails({"run_test.sh": "trap 'echo caught' ERR\nfalse\n"})
    assert error.place is not None
    assert Path(error.place.file).name == "run_test.sh"


def test_file_test_failed_is_a_failure(fails) -> None:
    assert "TEST_FAILED" in fails(section={"commands": ["touch TEST_FAILED"]}).message


def test_nothing_to_test_is_told_and_is_no_failure(test) -> None:
    assert any("nothing to test" in note for note in test().notes())


def test_package_of_another_platform_is_not_run(test) -> None:
    with pytest.raises(BuildError, match=r"osx-64 cannot be run") as caught:
        test(section={"commands": ["true"]}, host_subdir="osx-64")
    assert caught.value.kind == "test"


def test_log_has_all_of_it(test, tmp_path: Path, layout: Layout) -> None:
    log = tmp_path / "test.log"
    test(section={"imports": ["json"], "commands": ["echo $PREFIX"]}, log=log)
    text = log.read_text()
    assert "import: 'json'" in text
    assert f"\n{layout.test_prefix}\n" in text


def test_cancel_ends_the_tests(test) -> None:
    cancel = Cancel()

    def sink(event) -> None:
        if getattr(event, "text", "") == "ready":
            threading.Thread(target=cancel.request).start()

    with pytest.raises(Interrupted):
        test(section={"commands": ["echo ready", "sleep 600"]}, cancel=cancel, sink=sink)


@pytest.mark.parametrize("suffix", ["lua", "r"])
def test_interpreter_that_is_missing_is_an_error(fails, suffix: str) -> None:
    error = fails({f"run_test.{suffix}": "x"})
    assert error.place is not None
    assert Path(error.place.file).name == f"run_test.{suffix}"


def test_tests_can_ask_conda_for_packages_where_there_is_none(test, prefix: Path, monkeypatch) -> None:
    monkeypatch.setattr("cbw_core.env.conda_command.needed", lambda path: True)
    (prefix / "conda-meta").mkdir()
    row = '{"name": "pkg", "version": "1.2", "build": "0", "subdir": "linux-64", "channel": "file:///c/local"}'
    (prefix / "conda-meta" / "pkg-1.2-0.json").write_text(row)
    (prefix / "bin" / "conda").unlink(missing_ok=True)
    sink = test(section={"commands": ["PATH=${PATH##*:}:/usr/bin:/bin conda list --canonical"]})
    assert "local/linux-64::pkg-1.2-0" in sink.log()


def test_each_test_can_be_run_alone_and_how_it_ended_is_kept(ready, layout: Layout, config, environ) -> None:
    section = {"imports": ["json"], "commands": ["echo one > one.txt", "test -f two.txt", "touch three.txt"]}
    plan = ready({"run_test.py": "import sys\nassert sys.argv, 'own'\n"}, section)
    options = {"environ": environ, "sink": Recorder()}
    with pytest.raises(BuildError):
        run(plan, layout, **options)
    assert outcomes(plan, layout) == ("passed", "passed", "passed", "failed", "not run")
    run(plan, layout, **options, only=(5, 1))
    assert (layout.test_dir / "three.txt").exists()
    with pytest.raises(BuildError) as caught:
        run(plan, layout, **options, only=(4,))
    assert caught.value.place == plan.steps[3].place
    assert "cbw test --only 4" in str(caught.value.hint)
    (layout.test_dir / "two.txt").touch()
    run(plan, layout, **options, only=(4,))
    assert outcomes(plan, layout) == ("passed",) * 5


def test_the_command_a_failure_names_runs_that_test(ready, layout: Layout, config, environ) -> None:
    plan = ready({}, {"commands": ["true", "echo again && false"]})
    with pytest.raises(BuildError) as caught:
        run(plan, layout, environ=environ, sink=Recorder())
    again = str(caught.value.hint).split("there, `")[1].split("`")[0]
    done = subprocess.run(["bash", "-c", again], cwd=layout.test_dir, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "again\n")


@perl
def test_an_import_of_perl_run_alone_still_asks_for_the_version(ready, layout: Layout, config, environ) -> None:
    module = "package Own; our $VERSION = '9.5'; 1;\n"
    plan = ready(
        {"Own.pm": module}, {"imports": [{"lang": "perl", "imports": ["lib '.'", "Own"]}], "files": ["Own.pm"]}
    )
    script = step_scripts(plan, layout)[1].file
    assert "Expected version" in script.read_text()


def test_a_number_no_test_has_is_refused(ready, layout: Layout, config, environ) -> None:
    plan = ready({}, {"commands": ["true"]})
    with pytest.raises(UsageError, match="has no test 2"):
        run(plan, layout, environ=environ, sink=Recorder(), only=(2,))


def test_what_changed_since_it_was_run_has_not_been_run(ready, layout: Layout, config, environ) -> None:
    plan = ready({}, {"commands": ["true", "true"]})
    run(plan, layout, environ=environ, sink=Recorder())
    changed = ready({}, {"commands": ["true", "true", "true # more"]})
    assert outcomes(changed, layout) == ("passed", "passed", "not run")
