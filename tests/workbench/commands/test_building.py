"""build, and render, over the real engine: outputs, failures, what is skipped or checked."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.errors import BuildError, Interrupted, RecipeError, UsageError
from cbw_core.events import LogLine
from cbw_core.process import Cancel
from cbw_core.session.model import State
from cbw_workbench.commands import Context, execute
from cbw_workbench.commands import results as r
from cbw_workbench.views import to_json
from cbw_workbench.views.texts import plain_text
from workbench.commands.engine_help import FAILING, SKIPPED, SLOW, TINY, Recipe, phases_run, states


def test_build_makes_a_tested_package_and_says_where(context: Context, tiny: Path) -> None:
    value = execute(["build", str(tiny)], context).value
    assert isinstance(value, r.BuildReport)
    assert value.packages == (str(context.config.croot / "noarch" / "tiny-1.0-0.conda"),)
    assert Path(value.packages[0]).is_file()
    assert states(context)["test"] == "done"


@pytest.mark.parametrize(("flag", "last"), [("--no-test", "package"), ("-b", "build"), ("--source", "source")])
def test_build_ends_with_the_phase_its_flag_names(flag: str, last: str, context: Context, tiny: Path) -> None:
    execute(["build", str(tiny), flag], context)
    assert phases_run(context)[-1] == last


def test_build_of_two_outputs_in_order(context: Context, two: Path) -> None:
    value = execute(["build", str(two)], context).value
    assert isinstance(value, r.BuildReport)
    assert [Path(p).name for p in value.packages] == ["two-a-1.0-0.conda", "two-b-1.0-0.conda"]


def test_failure_keeps_the_session_current_and_names_phase_and_line(context: Context, recipe: Recipe) -> None:
    with pytest.raises(BuildError) as caught:
        execute(["build", str(recipe("failing", FAILING))], context)
    assert caught.value.phase == "build"
    assert caught.value.place is not None
    assert states(context)["build"] == "failed"


def test_keep_going_builds_the_others_and_reports_the_failure(context: Context, recipe: Recipe, tiny: Path) -> None:
    failing = recipe("failing", FAILING)
    result = execute(["build", "-k", str(failing), str(tiny)], context)
    assert isinstance(result.value, r.BuildReport)
    assert result.status == 1
    assert [e.phase for e in result.value.errors] == ["build"]
    assert len(result.value.packages) == 1


def test_skipped_recipe_is_told_with_its_reason(context: Context, recipe: Recipe) -> None:
    skipped = recipe("skipped", SKIPPED)
    result = execute(["build", str(skipped)], context)
    assert isinstance(result.value, r.BuildReport)
    assert result.status == 0
    assert "build/skip" in result.value.skipped[0]
    with pytest.raises(UsageError) as caught:
        execute(["debug", str(skipped)], context)
    assert caught.value.kind == "skipped"
    assert "build/skip" in (caught.value.why or "")


def test_build_of_a_package_says_that_it_is_to_be_tested(context: Context, tiny: Path) -> None:
    execute(["build", "--no-test", str(tiny)], context)
    package = context.config.croot / "noarch" / "tiny-1.0-0.conda"
    with pytest.raises(UsageError) as caught:
        execute(["build", str(package)], context)
    assert "cbw test" in (caught.value.hint or "")
    assert execute(["build", "-t", str(package)], context).status == 0


def test_render_tells_each_recipe_in_the_order_given(context: Context, tiny: Path, recipe: Recipe) -> None:
    broken = recipe("broken", "package:\n  name: [\n")
    result = execute(["render", "--no-finalize", str(broken), str(tiny), "nowhere"], context)
    assert result.status == 2
    first, second, third = to_json(result.value)
    assert first["error"]["file"].endswith("broken/meta.yaml")
    assert second["error"] is None
    assert second["outputs"][0]["dist"] == "tiny-1.0-0"
    assert third["recipe"] == "nowhere"
    assert third["error"]["message"]


def test_bug_in_rendering_one_recipe_is_an_error_object(
    context: Context, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cbw_core.render as render

    real = render.render_recipe

    def broken(path: Path, *args: object, **kwargs: object) -> object:
        if path.name == "bug":
            raise KeyError("oh")
        return real(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(render, "render_recipe", broken)
    result = execute(["render", "--no-finalize", "bug", str(tiny)], context)
    first, second = to_json(result.value)
    assert (first["error"]["kind"], second["error"]) == ("bug", None)
    assert "Traceback" not in str(first)
    assert result.status == 70


def test_render_output_and_file(context: Context, tiny: Path, tmp_path: Path) -> None:
    result = execute(["render", "--no-finalize", "--output", str(tiny)], context)
    assert plain_text(result.value) == f"{context.config.croot}/noarch/tiny-1.0-0.conda\n"
    execute(["render", "--no-finalize", "-f", "out.yaml", str(tiny)], context)
    from ruamel.yaml import YAML

    (document,) = YAML(typ="safe").load_all(tmp_path / "out.yaml")
    assert document["package"] == {"name": "tiny", "version": "1.0"}


def test_check_solves_and_builds_nothing(context: Context, tiny: Path, recipe: Recipe) -> None:
    needs = recipe("needs", TINY + "requirements:\n  host:\n    - no-such-package\n")
    assert execute(["build", "--check", str(tiny), str(needs)], context).status == 0
    assert execute(["build", "--check", str(recipe("broken", "package: [\n"))], context).status == 2
    assert phases_run(context) == []


def test_recipe_that_is_wrong_is_a_recipe_error(context: Context, recipe: Recipe) -> None:
    broken = recipe("broken", "package:\n  name: [\n")
    for verb in ("debug", "build"):
        with pytest.raises(RecipeError) as caught:
            execute([verb, str(broken)], context)
        assert caught.value.phase == "render"


def test_cancelled_build_is_interrupted_and_the_session_stays(context: Context, recipe: Recipe) -> None:
    cancel = Cancel()

    def sink(event: object) -> None:
        if isinstance(event, LogLine) and event.text == "holding":
            threading.Thread(target=cancel.request).start()

    own = replace(context, cancel=cancel, sink=sink)
    with pytest.raises(Interrupted):
        execute(["build", str(recipe("slow", SLOW))], own)
    assert own.session is not None
    assert own.session.status()["build"].state is State.INTERRUPTED
