from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from cbw_core.env import activation
from cbw_core.errors import CbwError

PATH = "/usr/bin:/bin"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    return environment(tmp_path / "host it's $HOME")


@pytest.fixture
def build(tmp_path: Path) -> Path:
    return environment(tmp_path / "build")


def environment(prefix: Path) -> Path:
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "bin").mkdir()
    return prefix


def script(prefix: Path, name: str, text: str) -> None:
    folder = prefix / "etc" / "conda" / "activate.d"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def after(*texts: str, env: dict[str, str] | None = None, options: str = "-eu", say: str = "") -> dict[str, str]:
    """The exported variables of a bash that ran `texts`."""
    program = "".join(texts) + f"\n{say}\nenv -0\n"
    done = subprocess.run(
        ["bash", "--norc", options, "-c", program],
        env={"PATH": PATH, **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = dict(pair.split("=", 1) for pair in done.stdout.split("\0") if pair)
    return {name: value for name, value in found.items() if name not in ("_", "SHLVL", "PWD", "OLDPWD", "_CBW_UNDO")}


def test_activating_one_environment_sets_condas_variables(host: Path) -> None:
    assert after(activation([host])) == {
        "PATH": f"{host}/bin:{PATH}",
        "CONDA_PREFIX": str(host),
        "CONDA_SHLVL": "1",
        "CONDA_DEFAULT_ENV": str(host),
        "CONDA_PROMPT_MODIFIER": f"({host}) ",
    }


def test_the_second_is_stacked_on_the_first(host: Path, build: Path) -> None:
    assert after(activation([host, build])) == {
        "PATH": f"{build}/bin:{host}/bin:{PATH}",
        "CONDA_PREFIX": str(build),
        "CONDA_PREFIX_1": str(host),
        "CONDA_SHLVL": "2",
        "CONDA_STACKED_2": "true",
        "CONDA_DEFAULT_ENV": str(build),
        "CONDA_PROMPT_MODIFIER": f"({build}) ",
    }


def test_an_environment_in_a_folder_envs_has_its_name(tmp_path: Path) -> None:
    prefix = environment(tmp_path / "envs" / "one")
    assert after(activation([prefix]))["CONDA_DEFAULT_ENV"] == "one"


def test_no_environment_no_text() -> None:
    assert activation([]) == ""


def test_scripts_run_in_the_order_of_names_with_the_prefix_active(host: Path, build: Path) -> None:
    script(host, "b.sh", 'export SEEN="${SEEN-}b:$CONDA_PREFIX;"')
    script(host, "a.sh", 'export SEEN="${SEEN-}a:$CONDA_SHLVL;"')
    script(host, "c.fish", "this is not for bash")
    script(build, "z.sh", 'export SEEN="${SEEN-}z:$CONDA_SHLVL:${PATH%%:*};"')
    assert after(activation([host, build]))["SEEN"] == f"a:1;b:{host};z:2:{build}/bin;"


def test_variables_of_packages_come_before_scripts_and_state_wins(host: Path) -> None:
    folder = host / "etc" / "conda" / "env_vars.d"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text(json.dumps({"one": "a", "TWO": "it's $a", "GONE": "***unset***"}))
    (folder / "b.json").write_text(json.dumps({"ONE": "b"}))
    (host / "conda-meta" / "state").write_text(json.dumps({"env_vars": {"THREE": "3", "TWO": "state"}}))
    script(host, "a.sh", 'export SEEN="$ONE"')
    found = after(activation([host]), env={"GONE": "x"})
    assert {k: found.get(k) for k in ("ONE", "TWO", "THREE", "GONE", "SEEN")} == {
        "ONE": "b", "TWO": "state", "THREE": "3", "GONE": None, "SEEN": "b",
    }  # fmt: skip


APPENDING = """\
export CFLAGS="${CFLAGS-} -O2 'q' $CONDA_PREFIX"
export PATH="$PATH:/from/script"
export NEW="${NEW-}new"
export MULTI="${MULTI-}
line"
unset DROPPED
"""


@pytest.mark.parametrize("env", [{}, {"CFLAGS": "-g", "DROPPED": "d", "MULTI": "first", "NEW": ""}])
@pytest.mark.parametrize("options", ["-eu", "+e", "-o posix"])
def test_sourcing_twice_or_thrice_doubles_nothing(host: Path, build: Path, env: dict[str, str], options: str) -> None:
    script(host, "a.sh", APPENDING)
    script(build, "a.sh", APPENDING)
    text = activation([host, build])
    flags = options.split()
    once, twice, thrice = (after(f"set {' '.join(flags)}\n", text * n, env=env) for n in (1, 2, 3))
    assert once["CFLAGS"] == f"{env.get('CFLAGS', '')} -O2 'q' {host} -O2 'q' {build}"
    assert once["PATH"] == f"{build}/bin:{host}/bin:{PATH}:/from/script:/from/script"
    assert "DROPPED" not in once
    assert once == twice == thrice


def test_a_child_shell_that_sources_again_doubles_nothing(host: Path, tmp_path: Path) -> None:
    script(host, "a.sh", APPENDING + "helper() { echo here; }\n")
    text = activation([host])
    (tmp_path / "activate.sh").write_text(text)
    once = after(text)
    child = after(text, f"exec bash --norc -euc '. \"{tmp_path}/activate.sh\"; helper >/dev/null; env -0'")
    assert child == once


def test_what_changed_since_is_kept_when_sourced_again(host: Path) -> None:
    script(host, "a.sh", 'export CFLAGS="${CFLAGS-}-O2"\n')
    text = activation([host])
    assert after(text, "export OTHER=mine\n", text)["OTHER"] == "mine"
    # what sets CFLAGS anew before (a build_env_setup.sh) is where the flags are appended to
    setup = "export CFLAGS=-g\n"
    assert after(setup, text, setup, text)["CFLAGS"] == "-g-O2"
    tools = after(text, 'export PATH="/tools:$PATH"\n', text)["PATH"].split(":")
    assert tools.count(f"{host}/bin") == 1
    assert "/tools" in tools


def test_another_session_activated_in_the_same_shell_takes_the_first_away(host: Path, build: Path) -> None:
    script(host, "a.sh", 'export CFLAGS="${CFLAGS-} -host" ONLY_HOST=1\n')
    script(build, "a.sh", 'export CFLAGS="${CFLAGS-} -build"\n')
    env = {"CFLAGS": "-g"}
    assert after(activation([host]), activation([build]), env=env) == after(activation([build]), env=env)


def test_an_active_conda_below_does_not_shift_the_levels(host: Path) -> None:
    found = after(activation([host]), env={"CONDA_SHLVL": "1", "CONDA_PREFIX": "/opt/conda"})
    assert (found["CONDA_SHLVL"], found["CONDA_PREFIX"]) == ("1", str(host))


def test_nothing_of_ours_is_left_behind_but_what_undoes_it(host: Path) -> None:
    done = subprocess.run(
        ["bash", "--norc", "-c", activation([host]) + "\ncompgen -v | grep -i cbw; declare -F"],
        env={"PATH": PATH}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "_CBW_UNDO\n"


def test_odd_variables_of_the_user_survive(host: Path) -> None:
    odd = {"NL": "a\nb\n", "QUOTE": 'it\'s "$x" `y` \\', "EMPTY": "", "IFS_LIKE": " \t", "BASH_FUNC_f%%": "() { :; }"}
    found = after(activation([host]) * 2, env=odd)
    assert {name: found.get(name) for name in odd if "%" not in name} == {k: v for k, v in odd.items() if "%" not in k}


def test_relative_paths_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="absolute"):
        activation([Path("here")])


@pytest.mark.parametrize("text", ["{", "[]", '{"a b; rm": "x"}'])
def test_variables_that_cannot_be_read_are_named(host: Path, text: str) -> None:
    folder = host / "etc" / "conda" / "env_vars.d"
    folder.mkdir(parents=True)
    (folder / "bad.json").write_text(text)
    with pytest.raises(CbwError, match="bad") as caught:
        activation([host])
    assert caught.value.place is not None
    assert caught.value.place.file == os.fspath(folder / "bad.json")
