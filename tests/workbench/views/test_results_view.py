"""How results are drawn, and their JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from rich.console import Console

from cbw_core.errors import RecipeError
from cbw_core.events import LogLine, Note, PhaseEnded, PhaseStarted, Progress, Verdict
from cbw_core.render.output import Output, Requirements
from cbw_core.session.model import PHASES, Phase, PhaseStatus, SessionStatus, State
from cbw_workbench.commands import results
from cbw_workbench.views import draw, errors_of, to_json
from cbw_workbench.views.drawing import ELSEWHERE
from cbw_workbench.views.events import event_line
from cbw_workbench.views.json_form import json_lines
from cbw_workbench.views.states import LOOKS, seconds_text, size_text
from cbw_workbench.views.texts import plain_text


def text_of(value: object) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(draw(value), soft_wrap=True)
    return captured.get()


def status(root: str = "/croot/debug_1", output: str = "libfoo-1.0-h1_0", **states: PhaseStatus) -> SessionStatus:
    phases = tuple(states.get(p.value) or PhaseStatus(p, State.PENDING) for p in PHASES)
    paths: Mapping[str, str] = {"root": root, "work": f"{root}/work"}
    return SessionStatus(
        root, "/recipes/libfoo", output, phases, paths, ("host",), {"python": "3.11"}, "cd w && source e"
    )


OUTPUT = Output(
    recipe_dir="/r", recipe_file="/r/meta.yaml", name="foo", version="1", build_string="h1_0", subdir="linux-64",
    meta={"build": {"number": 0}, "package": {"name": "foo", "version": "1"}, "test": {}},
    requirements=Requirements(host=("zlib 1.2",), run=("zlib >=1.2",)), used_vars=("zlib",), variant={"zlib": "1.2"},
    hash_input={"zlib": "1.2"},
)  # fmt: skip


def test_every_state_has_a_look_of_one_cell() -> None:
    assert set(LOOKS) == {state.value for state in State}
    assert len({one.symbol for one in LOOKS.values()}) == len(LOOKS)


def test_status_shows_states_why_stale_and_what_failed() -> None:
    value = status(
        source=PhaseStatus(Phase.SOURCE, State.DONE, 1.25),
        build=PhaseStatus(Phase.BUILD, State.STALE, 70, why_stale=("build.sh",)),
        test=PhaseStatus(Phase.TEST, State.FAILED, 0.1, error={"message": "import foo failed"}),
    )
    text = text_of(results.StatusReport(value, (value, status("", "TOPLEVEL"))))
    assert "changed: build.sh" in text
    assert "import foo failed" in text
    assert "1 min 10 s" in text
    assert "TOPLEVEL" in text
    assert "/croot/debug_1" in text


def test_status_as_json_lists_phases_paths_and_why_stale() -> None:
    value = status(build=PhaseStatus(Phase.BUILD, State.STALE, 2.0, why_stale=("build.sh",)))
    data = to_json(results.StatusReport(value, (value,)))
    build = next(row for row in data["phases"] if row["phase"] == "build")
    assert (build["state"], build["seconds"], build["why_stale"]) == ("stale", 2.0, ["build.sh"])
    assert data["paths"]["work"] == "/croot/debug_1/work"
    assert data["session"] == "/croot/debug_1"
    assert data["next"] == "render"
    json.dumps(data)


def test_activation_line_is_never_wrapped() -> None:
    line = f"cd /{'x' * 300}/work && source /{'x' * 300}/work/build_env_setup.sh"
    ready = results.DebugReady(status(), "recipe", line, source_tree="/w", script="conda_build.sh")
    assert line in (plain_text(ready) or "").splitlines()
    assert line in text_of(ready).splitlines()


def test_debug_of_a_recipe_reads_as_conda_debug() -> None:
    ready = results.DebugReady(status(), "recipe", "cd w && source e", "/s/work", "conda_build.sh")
    assert (plain_text(ready) or "").splitlines() == [
        "source tree in: /s/work",
        "#" * 80,
        "Build and/or host environments created for debugging.  To enter a debugging environment:",
        "",
        "cd w && source e",
        "To run your build, you might want to start with running the conda_build.sh file.",
        "#" * 80,
    ]


def test_debug_of_a_package_names_the_test_environment_and_no_file_that_is_not_there() -> None:
    text = plain_text(results.DebugReady(status(), "package", "cd t && source v")) or ""
    assert "Test environment created for debugging." in text
    assert "might want" not in text
    assert "source tree" not in text


def test_activation_string_only() -> None:
    assert (
        plain_text(results.DebugReady(status(), "recipe", "cd w && source e", "/w", "x", only=True))
        == "cd w && source e\n"
    )


def test_render_as_json_is_a_line_a_recipe_in_order_also_for_refused_ones() -> None:
    report = results.RenderReport(
        (
            results.RenderedRecipe("a", (OUTPUT,), ({"name": "b", "why": "skip", "variant": {}},), ("careful",)),
            results.RenderedRecipe("b", error=RecipeError("no")),
        )
    )
    first, second = (json.loads(line) for line in json_lines(report))
    assert (first["recipe"], first["error"], second["recipe"]) == ("a", None, "b")
    assert second["error"]["message"] == "no"
    assert (second["outputs"], second["skipped"], second["warnings"]) == ([], [], [])
    output: dict[str, Any] = first["outputs"][0]
    assert output["dist"] == "foo-1-h1_0"
    assert output["requirements"] == {"build": [], "host": ["zlib 1.2"], "run": ["zlib >=1.2"], "run_constrained": []}
    assert output["hash_input"] == {"zlib": "1.2"}
    keys = "dist name version build build_number subdir noarch hash_input used_vars requirements test_requires"
    assert set(keys.split()) <= set(output)


def test_a_rendering_is_drawn_as_names_yaml_or_a_tree() -> None:
    rendered = (results.RenderedRecipe("a", (OUTPUT,)), results.RenderedRecipe("b", error=RecipeError("no")))
    assert plain_text(results.RenderReport(rendered, "output", "/croot")) == "/croot/linux-64/foo-1-h1_0.conda\n"
    yaml = plain_text(results.RenderReport(rendered, "yaml")) or ""
    assert yaml == "---\npackage:\n  name: foo\n  version: '1'\nbuild:\n  number: 0\n"
    tree = text_of(results.RenderReport(rendered))
    assert "foo-1-h1_0" in tree
    assert "zlib >=1.2" in tree
    assert [name for name, _ in errors_of(results.RenderReport(rendered))] == ["b"]


def test_any_result_can_be_drawn_and_is_json() -> None:
    value = status()
    samples: list[object] = [
        results.Text("x"),
        results.BuildReport((value,), ("/p.conda",), ("b: skipped",), (RecipeError("no"),)),
        results.BuildReport(()),
        results.PhaseReport((), value, "note"),
        results.SessionList((), None, "/croot"),
        results.LogText("build", "/log", "line"),
        results.Using(value),
        results.Purged(("/a",)),
        results.Purged((), "/croot"),
        results.ShellEnded(3, "false"),
        results.Settings({"croot": "/c", "render": {"python": ("3.11",)}}),
        results.Asserted("build done"),
        results.FailedAsExpected(1, RecipeError("no")),
        results.ScriptOption(True),
        results.Leave(),
        None,
    ]
    for sample in samples:
        text_of(sample)
        json.dumps(to_json(sample))


def test_markup_in_names_is_text() -> None:
    assert "[bold]x" in text_of(status(output="[bold]x"))


def test_each_kind_of_event_is_one_line_or_none() -> None:
    assert event_line(LogLine("gcc [x]")) == "gcc [x]"
    assert event_line(PhaseStarted("build", "foo-1-0")) == "== build: foo-1-0"
    assert event_line(PhaseEnded("build", "foo", "failed", 61.0)) == "== build failed (1 min 01 s)"
    assert event_line(Note("x", "warning")) == "warning: x"
    assert event_line(Progress("download", 3, 10, "bytes")) is None
    assert event_line(Progress("download", 2_500_000, 2_500_000, "bytes", finished=True)) == "download: 2.5 MB"
    assert (
        event_line(Verdict("overlinked", "lib/x.so", "why", "meta.yaml:3")) == "overlinked: lib/x.so: why (meta.yaml:3)"
    )


def test_numbers_for_people() -> None:
    assert [seconds_text(n) for n in (None, 0.04, 59.94, 65, 3720)] == [
        "",
        "0.0 s",
        "59.9 s",
        "1 min 05 s",
        "1 h 02 min",
    ]
    assert [size_text(n) for n in (12, 3400, 2_000_000, 5e9)] == ["12 B", "3.4 kB", "2.0 MB", "5.0 GB"]


def test_results_that_another_file_draws_find_it_there() -> None:
    for name, (file, view) in ELSEWHERE.items():
        module, _, kind = name.rpartition(".")
        found = getattr(import_module(module), kind)
        assert f"{found.__module__}.{found.__qualname__}" == name
        assert callable(getattr(import_module(f"cbw_workbench.views.{file}"), view))
