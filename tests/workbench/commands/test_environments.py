"""`inspect env` and `env ...` as commands: results, drawings and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from cbw_core.channel import index
from cbw_core.errors import UsageError
from cbw_workbench.commands import Context, Result
from cbw_workbench.commands.run import execute
from cbw_workbench.views import draw
from cbw_workbench.views.json_form import json_lines
from support.packages import make_package

META = """\
package: {name: app, version: "1"}
requirements:
  host:
    - lib   # needs core
"""


@pytest.fixture
def ready(context: Context, recipe: Callable[..., Path], tmp_path: Path) -> Context:
    """A session whose host environment has lib and core."""
    channel = tmp_path / "channel"
    make_package(channel, "core", files={"include/core.h": "int c;\n"})
    make_package(channel, "lib", depends=["core >=1"])
    make_package(channel, "more")
    index(channel)
    context = replace(context, config=replace(context.config, channels=(str(channel),)))
    execute(["debug", "--plain", str(recipe("app", META))], context)
    return context


def drawn(result: Result, width: int = 160) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(draw(result.value), soft_wrap=True)
    return captured.get()


def test_an_environment_is_a_row_a_package_with_its_reason(ready: Context) -> None:
    text = drawn(execute(["inspect", "env", "host"], ready))
    assert "host of app-1-" in text and "2 packages" in text
    rows = {line.split()[0]: line for line in text.splitlines()[2:]}
    assert "needed by lib" in rows["core"] and "meta.yaml:4:7" in rows["lib"] and " channel " in rows["lib"]


def test_why_draws_the_chain_down_from_the_recipe_s_line(ready: Context) -> None:
    text = drawn(execute(["inspect", "env", "--why", "core"], ready))
    order = [text.index(part) for part in ("core-1.0-0", "meta.yaml:4:7   - lib", "needs core >=1")]
    assert order == sorted(order)
    with pytest.raises(UsageError, match="no cor in the host"):
        execute(["inspect", "env", "--why", "cor"], ready)


def test_an_edit_in_place_shows_in_the_environment(ready: Context) -> None:
    assert ready.session
    (ready.session.layout.host_prefix / "include/core.h").write_text("edited")
    assert "changed in place include/core.h of core-1.0-0" in drawn(execute(["inspect", "env", "host"], ready))


def test_json_is_an_environment_a_line(ready: Context) -> None:
    (line,) = json_lines(execute(["inspect", "env", "host"], ready).value)
    data = json.loads(line)
    assert [p["name"] for p in data["packages"]] == ["core", "lib"]
    assert data["packages"][1]["asked"][0]["place"]["line"] == 4


def test_environments_are_compared_within_and_across_sessions(ready: Context) -> None:
    assert ready.session
    old = str(ready.session.root)
    text = drawn(execute(["inspect", "env", "host", "--diff", "build"], ready))
    assert "-  core" in text and "-  lib" in text
    execute(["debug", "--plain", str(ready.session.recipe)], ready)
    assert "the same 2 packages" in drawn(execute(["inspect", "env", "host", "--diff", old], ready))
    execute(["env", "add", "more"], ready)
    assert "-  more" in drawn(execute(["inspect", "env", "host", "--diff", f"{old}:host"], ready))
    for words in (["--diff", "build"], ["host", "--diff", "build", "--lock", "x"]):
        with pytest.raises(UsageError):
            execute(["inspect", "env", *words], ready)


def test_a_change_is_shown_kept_and_saved(ready: Context) -> None:
    assert ready.session
    text = drawn(execute(["env", "add", "more", "--save"], ready))
    assert "+  more" in text and "meta.yaml:5" in text
    assert (ready.session.recipe / "meta.yaml").read_text() == META + "    - more\n"
    execute(["env", "remove", "core"], ready)
    assert "changed by hand host: removed core" in drawn(execute(["status"], ready))
    assert "+  core" in drawn(execute(["env", "reset"], ready))


def test_a_lock_is_written_and_used(ready: Context, tmp_path: Path) -> None:
    file = tmp_path / "lock.txt"
    assert "2 packages of host" in drawn(execute(["inspect", "env", "host", "--lock", str(file)], ready))
    lines = file.read_text().splitlines()
    assert "@EXPLICIT" in lines and all("#" in line for line in lines if "://" in line)
    execute(["env", "remove", "core"], ready)
    assert "+  core" in drawn(execute(["env", "use", str(file)], ready))
    assert "cbw env use" in drawn(execute(["inspect", "env", "host"], ready))
    printed = drawn(execute(["inspect", "env", "host", "--lock", "-"], ready))
    assert printed.splitlines()[-2:] == lines[-2:]


def test_names_that_are_no_environment_are_told(ready: Context) -> None:
    with pytest.raises(UsageError, match="no environment 'hots'"):
        execute(["inspect", "env", "hots"], ready)
    with pytest.raises(UsageError, match="env what"):
        execute(["env"], ready)


def test_variables_tell_who_set_them_and_what_the_caller_has_not(ready: Context) -> None:
    text = drawn(execute(["env", "vars"], ready))
    rows = {line.split()[0]: line for line in text.splitlines()[2:] if line.strip()}
    assert rows["PKG_NAME"].split()[1:] == ["app", "conda-build"]
    assert "variant target_platform" in rows["target_platform"] and "activation" in rows["CONDA_SHLVL"]
    ready.environ = {**ready.environ, "ONLY_HERE": "1", "PKG_NAME": "app"}
    diff = drawn(execute(["env", "vars", "--diff"], ready)).splitlines()
    assert any(line.startswith("-  ONLY_HERE") for line in diff) and any(line.startswith("+  PREFIX") for line in diff)
    assert not any(" PKG_NAME " in line for line in diff)
    only = execute(["env", "vars", "test", "--name", "CONDA_BUILD_STATE"], ready)
    assert [v.value for v in only.value.variables] == ["TEST"]  # type: ignore[union-attr]
    with pytest.raises(UsageError, match="post has no variables"):
        execute(["env", "vars", "post"], ready)
