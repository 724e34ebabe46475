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

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "compat" / "data"
CHANNEL = json.loads((HERE / "channel.json").read_text())
# Those that a table of few packages is enough for; tests/compat renders all of them with the real program.
NAMES = [
    "fail/pip_reqs_fail_informatively",
    "fail/source_git_jinja2_oops",
    "metadata/_noarch_none",
    "metadata/_pin_compatible",
    "metadata/_resolved_packages_host_build",
    "metadata/_run_constrained_error",
    "metadata/_run_exports_constrains",
    "metadata/_run_exports_in_outputs",
    "metadata/_run_exports_noarch",
    "metadata/build_skip",
    "metadata/jinja_vars",
    "metadata/transitive_subpackage",
    "split-packages/_build_string_with_variant",
    "split-packages/_circular_deps_cross",
    "split-packages/_empty_outputs_requires_package_version",
    "split-packages/_inherit_build_number",
    "split-packages/_intradep_with_templated_output_name",
    "split-packages/_intradependencies_circular",
    "split-packages/_intradependencies_toplevel_circular",
    "split-packages/_line_up_python_compiled_libs_top_level_same_name_output",
    "split-packages/_merge_build_host",
    "split-packages/_output_specific_subdir",
    "split-packages/_strong_run_exports_applies_from_build_to_host",
    "split-packages/_xgboost_example",
    "split-packages/noarch_subpackage",
    "variants/03_ignore_version_reduces_matrix",
    "variants/04_numpy_matrix_pinned",
    "variants/10_runtimes/uses_run_exports",
    "variants/18_subspace_selection",
    "variants/19_used_variables",
    "variants/21_conditional_sections",
    "variants/25_target_platform_looping",
    "variants/26_reduced_hashing/hash_yes_pinned",
]


def golden(kind: str) -> dict[str, Any]:
    known = json.loads((DATA / f"{kind}.json").read_text())
    return {name: known[name] for name in NAMES}


NOFINAL, FINAL = golden("nofinal"), golden("final")
KINDS = ("build", "host", "run", "run_constrained")


def shape(outputs: list[dict[str, Any]]) -> list[str]:
    def specs(listed: Any) -> list[str]:
        return sorted(re.sub(r"\s+", " ", str(s)).strip() for s in listed or [])

    rows = {
        json.dumps(
            [
                o["dist"],
                o["build_number"],
                o.get("hash_input", {}),
                sorted(o.get("used_vars", ())),
                {k: specs(o.get("requirements", {}).get(k)) for k in KINDS},
            ],
            sort_keys=True,
        )
        for o in outputs
    }
    return sorted(rows)


def as_golden(output: Output) -> dict[str, Any]:
    return {
        "dist": output.dist,
        "build_number": output.build_number,
        "hash_input": output.hash_input,
        "used_vars": output.used_vars,
        "requirements": {k: list(getattr(output.requirements, k)) for k in KINDS},
    }


def compare(wanted: dict[str, Any], name: str, tmp_path: Path, resolver: Any) -> Rendered | None:
    folder = tmp_path / "recipe"
    shutil.copytree(DATA / "recipes" / name, folder)
    if wanted.get("error"):
        with pytest.raises(CbwError) as caught:
            render(folder, resolver=resolver)
        assert caught.value.exit_status == 2
        assert caught.value.place and caught.value.place.file == str(folder / "meta.yaml")
        return None
    rendered = render(folder, resolver=resolver)
    assert shape([as_golden(o) for o in rendered.outputs]) == shape(wanted["outputs"])
    return rendered


@pytest.mark.parametrize("name", sorted(NOFINAL))
def test_render_without_finalizing_agrees_with_conda_build(name: str, tmp_path: Path) -> None:
    compare(NOFINAL[name], name, tmp_path, None)


@pytest.mark.parametrize("name", sorted(FINAL))
def test_final_render_agrees_with_conda_build(name: str, tmp_path: Path) -> None:
    compare(FINAL[name], name, tmp_path, TableResolver(CHANNEL))


@pytest.mark.parametrize("name", sorted(n for n in FINAL if not FINAL[n].get("error")))
def test_outputs_survive_json(name: str, tmp_path: Path) -> None:
    rendered = compare(FINAL[name], name, tmp_path, TableResolver(CHANNEL))
    assert rendered is not None
    for output in (*rendered.outputs, *rendered.toplevel):
        assert Output.from_json(json.loads(json.dumps(output.to_json()))) == output
        assert isinstance(output.meta.get("source", []), list)
