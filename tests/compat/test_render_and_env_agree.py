"""Environments get the very packages that rendering said, on the channel that conda-build finalized with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.platforms import native_subdir
from support import agreement, stub_channel

RECIPES = (
    "_compiler_jinja2", "_host_entries_finalized", "_no_merge_build_host", "_noarch_python", "_numpy_xx_host",
    "_pin_compatible", "_pin_subpackage_exact", "_python_version_independent", "_run_exports", "_run_exports_noarch",
)  # fmt: skip

pytestmark = pytest.mark.skipif(native_subdir() != "linux-64", reason="conda-build was asked on linux-64")


def test_every_environment_holds_what_was_rendered(config: Config, world: Mapping[str, str], tmp_path: Path) -> None:
    config = replace(config, channels=(stub_channel.make(tmp_path / "channel"),)).with_render(no_source=True)
    found = [
        one
        for name in RECIPES
        for one in agreement.compare(stub_channel.DATA / "recipes" / "metadata" / name, config, world)
    ]
    assert [one for one in found if not one.agrees] == []
    assert len([one for one in found if one.how == "installed"]) >= 8
