"""`cbw render --json` over the recipes of conda-build's own tests, held against what conda-build makes of them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cbw_core.platforms import native_subdir
from support import stub_channel
from support.cli import PROGRAM

DATA = stub_channel.DATA
BATCH = 150
# Recipes that come out differently, with the reason. They are in docs/compatibility.md, too.
DIFFERENT: Mapping[str, str] = {}

pytestmark = pytest.mark.skipif(native_subdir() != "linux-64", reason="conda-build was asked on linux-64")


def golden(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text())
    return data


@pytest.fixture
def channel(tmp_path: Path) -> str:
    """The channel that conda-build finalized with."""
    return stub_channel.make(tmp_path / "channel")


def rendered(world: Mapping[str, str], cwd: Path, names: list[str], *options: str) -> dict[str, Any]:
    """What the program says of each recipe, a few batches of them in one process each."""
    found: dict[str, Any] = {}
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        done = subprocess.run(
            [str(PROGRAM), "render", "--json", *options, *(str(DATA / "recipes" / name) for name in batch)],
            cwd=cwd,
            env=dict(world),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert "Traceback" not in done.stdout + done.stderr, done.stderr[-4000:]
        assert [Path(row["recipe"]).relative_to(DATA / "recipes").as_posix() for row in rows] == batch
        found.update(zip(batch, rows, strict=True))
    return found


def shape(outputs: list[dict[str, Any]]) -> list[str]:
    """Outputs as sorted texts of all that is compared; those that came out alike count once."""

    def specs(listed: Any) -> list[str]:
        return sorted(re.sub(r"\s+", " ", str(spec)).strip() for spec in listed or [])

    rows = {
        json.dumps(
            {
                "dist": output["dist"],
                "build_number": output.get("build_number"),
                "hash_input": output.get("hash_input") or {},
                "used_vars": sorted(output.get("used_vars") or ()),
                "test_requires": specs(output.get("test_requires")),
                **{
                    kind: specs((output.get("requirements") or {}).get(kind))
                    for kind in ("build", "host", "run", "run_constrained")
                },
            },
            sort_keys=True,
        )
        for output in outputs
    }
    return sorted(rows)


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, want in wanted.items():
        have = found[name]
        if want.get("error"):
            if not have["error"]:
                yield name, f"conda-build refuses it: {want['error']}"
            elif not (have["error"]["line"] and have["error"]["hint"]):
                yield name, f"the error has no line or no next step: {have['error']}"
        elif have["error"]:
            yield name, have["error"]["message"]
        else:
            want_rows, have_rows = shape(want["outputs"]), shape(have["outputs"])
            if want_rows != have_rows:
                missing = [row for row in want_rows if row not in have_rows]
                extra = [row for row in have_rows if row not in want_rows]
                yield name, f"conda-build {missing[:2]} cbw {extra[:2]}"


@pytest.mark.parametrize(("name", "count", "refused"), [("nofinal", 289, 5), ("final", 281, 11)])
def test_every_recipe_renders_as_conda_build_renders_it(
    name: str, count: int, refused: int, world: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Names, hashes, hash inputs, used variables and requirements of all of them; what it refuses is refused."""
    wanted = golden(name)
    assert (len(wanted), sum(bool(w.get("error")) for w in wanted.values())) == (count, refused)
    if name == "final":
        options = ["--override-channels", "-c", request.getfixturevalue("channel")]
    else:
        options = ["--no-finalize"]
    found = rendered(world, tmp_path, sorted(wanted), *options)
    assert {k: v for k, v in differences(wanted, found) if k not in DIFFERENT} == {}
