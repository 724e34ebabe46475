"""`cbw debug` and `cbw build --solve-all` tell of test environments that cannot be before anything is built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.cli import Cbw

META = """\
package: {name: late, version: 1.0}
build:
  script:
    - echo compiling
test:
  commands:
    - echo
  requires:
    - nowhere >=1
"""


def test_a_test_environment_that_cannot_be_is_known_at_once(cbw: Cbw, recipe: Callable[..., Path]) -> None:
    folder = recipe("late", META)
    told = cbw("debug", "--plain", "-O", folder, status=0)
    assert "nowhere" in told.err and "meta.yaml:9:7" in told.err
    assert "nowhere" not in cbw("debug", "--plain", "-O", "--no-solve-all", folder, status=0).text
    refused = cbw("build", "--solve-all", "-O", folder, status=3)
    assert "no package nowhere" in refused.err.replace("\n", " ") and "compiling" not in refused.text
