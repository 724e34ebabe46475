"""What conda-build itself says of recipes of its own tests: names, hashes and requirements are the same."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import CbwError
from cbw_core.render import Output, Rendered
from core.render.rendering_help import TableResolver, render

DATA = Path(__file__).parent / "data"
NOFINAL: dict[str, Any] = json.loads((DATA / "nofinal.json").read_text())
FINAL: dict[str, Any] = json.loads((DATA / "final.json").read_text())
CHANNEL = json.loads((DATA / "channel.json").read_text())


def shape(outputs: list[dict[str, Any]]) -> list[str]:
    def specs(listed: Any) -> list[str]:
        return sorted(re.sub(r"\s+", " ", str(s)).strip() for s in listed or [])

    rows = {
        json.dumps(
            [
                o["dist"],
                o["build_number"],
                o["hash_input"],
                sorted(o["used_vars"]),
                {k: specs(v) for k, v in o["requirements"].items()},
            ],
            sort_keys=True,
        )
        for o in outputs
    }
    return sorted(rows)


def as_golden(output: Output) -> dict[str, Any]:
    kinds = ("build", "host", "run", "run_constrained")
    return {
        "dist": output.dist,
        "build_number": output.build_number,
        "hash_input": output.hash_input,
        "used_vars": output.used_vars,
        "requirements": {k: list(getattr(output.requirements, k)) for k in kinds},
    }


def compare(golden: dict[str, Any], name: str, tmp_path: Path, resolver: Any) -> Rendered | None:
    folder = tmp_path / "recipe"
    shutil.copytree(DATA / "recipes" / name, folder)
    if golden["error"]:
        with pytest.raises(CbwError) as caught:
            render(folder, resolver=resolver)
        assert caught.value.exit_status == 2
        assert caught.value.place and caught.value.place.file == str(folder / "meta.yaml")
        return None
    rendered = render(folder, resolver=resolver)
    assert shape([as_golden(o) for o in rendered.outputs]) == shape(golden["outputs"])
    return rendered


@pytest.mark.parametrize("name", sorted(NOFINAL))
def test_render_without_finalizing_agrees_with_conda_build(name: str, tmp_path: Path) -> None:
    compare(NOFINAL[name], name, tmp_path, None)


@pytest.mark.parametrize("name", sorted(FINAL))
def test_final_render_agrees_with_conda_build(name: str, tmp_path: Path) -> None:
    compare(FINAL[name], name, tmp_path, TableResolver(CHANNEL))


@pytest.mark.parametrize("name", sorted(n for n in FINAL if not FINAL[n]["error"]))
def test_outputs_survive_json(name: str, tmp_path: Path) -> None:
    rendered = compare(FINAL[name], name, tmp_path, TableResolver(CHANNEL))
    assert rendered is not None
    for output in (*rendered.outputs, *rendered.toplevel):
        assert Output.from_json(json.loads(json.dumps(output.to_json()))) == output
        assert isinstance(output.meta.get("source", []), list)
