"""Hostile recipes given to the program at once: it tells of each, in order, and goes on."""

from __future__ import annotations

import json
from pathlib import Path

from core.render.hostile import CANARY, CASES, PACKAGE
from support.cli import Cbw


def test_one_bad_recipe_never_ends_the_rest(cbw: Cbw, tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    (good / "meta.yaml").write_text(PACKAGE)
    cases = list(CASES.values())[::3]  # each is tried by itself elsewhere
    given: list[str] = []
    for number, case in enumerate(cases):
        given += [str(case.write(tmp_path / f"case{number}")), str(good)]
    ran = cbw("render", "--no-finalize", "--json", *given, status=2)
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["recipe"] for row in rows] == given
    assert [row["error"]["kind"] for row in rows[::2]] == [case.kind for case in cases]
    assert all(row["error"]["message"] and row["outputs"] == [] for row in rows[::2])
    assert {row["outputs"][0]["dist"] for row in rows[1::2]} == {"a-1-0"}
    assert "Traceback" not in ran.err
    assert not (tmp_path / CANARY).exists()
