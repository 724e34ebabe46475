"""Environments looked into and changed by a script of the prompt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.channel import index
from support.cli import Cbw
from support.packages import make_package

SCRIPT = """\
debug {recipe} --plain -O -c {channel}
inspect env host --why core
assert output /meta.yaml:4:7/
env add more
assert file share/more.txt in host
status
assert output changed by hand host: added more
rerun env
assert file share/more.txt in host
fails env add nothing
assert error solve
run build
assert output "the build changed share/core.txt of core-1.0-0 in the host environment"
inspect env host
assert output changed in place share/core.txt of core-1.0-0
inspect env host --lock {lock}
env reset
assert not file share/more.txt in host
env use {lock}
assert file share/more.txt in host
env vars --name CORE
assert output activate.d of core-1.0-0
env remove core --save
assert env stale
inspect cache
assert output all as their packages say
"""


@pytest.mark.slow
def test_a_script_looks_into_environments_and_changes_them(
    recipe: Callable[..., Path], tmp_path: Path, cbw: Cbw
) -> None:
    channel = tmp_path / "channel"
    files = {"share/core.txt": "core\n", "etc/conda/activate.d/core.sh": "export CORE=1\n"}
    make_package(channel, "core", files=files)
    make_package(channel, "more", files={"share/more.txt": "more\n"})
    index(channel)
    meta = "package: {name: app, version: '1'}\nrequirements:\n  host:\n    - core\n"
    folder = recipe("app", meta + "build: {script: ['echo edited >> $PREFIX/share/core.txt']}\n")
    script = tmp_path / "steps.cbw"
    script.write_text(SCRIPT.format(recipe=folder, channel=channel, lock=tmp_path / "host.txt"))
    cbw("repl", "--script", script, "--strict", CBW_CACHE=str(tmp_path / "cache"))
    assert "- core" not in (folder / "meta.yaml").read_text()
