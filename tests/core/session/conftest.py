"""Sessions over the real engine, with recipes that need no channel and run through all phases in about a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.session import Session, choose, create, plan
from support.sessions import Start


@pytest.fixture
def start(config: Config, world: Mapping[str, str]) -> Start:
    """start(recipe, pattern=None, path=None): a new session of one output."""

    def make(folder: Path, pattern: str | None = None, path: Path | None = None) -> Session:
        made = plan(folder, config, environ=world)
        return create(made, choose(made, pattern), config, path=path, environ=world)

    return make


@pytest.fixture
def greeting(recipe: Callable[..., Path]) -> Path:
    """A recipe whose build copies a file of its sources, and writes one into its work folder."""
    return recipe(
        "greeting", GREETING, **{"build.sh": GREETING_BUILD, "src/hello.txt": "hello\n", "src/other.txt": "-"}
    )


GREETING = """\
package: {name: greeting, version: "1.0"}
source: {path: src}
build: {number: 0, noarch: generic}
test: {commands: [test -f $PREFIX/share/greeting/hello.txt]}
"""
GREETING_BUILD = """\
mkdir -p $PREFIX/share/greeting
cp hello.txt $PREFIX/share/greeting/
echo made > made-by-build.txt
echo more >> other.txt
echo run >> $RECIPE_DIR/../runs.txt
"""
