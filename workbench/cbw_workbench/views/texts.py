"""Results whose drawing is plain text: printed without rich, and never wrapped."""

from __future__ import annotations

from functools import singledispatch

from cbw_workbench.commands import results

_ROW = "#" * 80


@singledispatch
def plain_text(value: object) -> str | None:
    """The text of a result, ending with a newline where it has any; None when it needs drawing."""
    return None


@plain_text.register
def _(value: results.Text) -> str:
    return value.text if value.text.endswith("\n") or not value.text else value.text + "\n"


@plain_text.register
def _(value: results.DebugReady) -> str:
    """What `conda debug` prints (conda_build.cli.main_debug.execute), the hint only about a file that is there."""
    if value.only:
        return value.activation + "\n"
    made = "Build and/or host environments" if value.mode == "recipe" else "Test environment"
    lines = [f"source tree in: {value.source_tree}"] if value.source_tree else []
    lines += [_ROW, f"{made} created for debugging.  To enter a debugging environment:", "", value.activation]
    if value.script:
        what = "build" if value.mode == "recipe" else "tests"
        lines.append(f"To run your {what}, you might want to start with running the {value.script} file.")
    return "\n".join([*lines, _ROW]) + "\n"


@plain_text.register
def _(value: results.LogText) -> str:
    return value.text if value.text.endswith("\n") or not value.text else value.text + "\n"


@plain_text.register
def _(value: results.RenderReport) -> str | None:
    if value.form in ("tree", "explain"):
        return None
    outputs = [output for recipe in value.recipes for output in recipe.outputs]
    if value.form == "output":
        paths = {f"{value.packages}/{o.subdir}/{o.file_name(value.package_format)}" for o in outputs}
        return "".join(f"{path}\n" for path in sorted(paths))
    if value.written:
        return f"wrote {value.written}\n"
    from cbw_workbench.commands.yaml_form import yaml_of_outputs

    return yaml_of_outputs(outputs)


@plain_text.register
def _(value: results.Purged) -> str:
    if not value.paths:
        return f"nothing to remove{f' in {value.croot}' if value.croot else ''}\n"
    return "".join(f"removed {path}\n" for path in value.paths)


@plain_text.register
def _(value: results.LockWritten) -> str:
    return f"{value.packages} packages of {value.environment} in {value.file}\n"


@plain_text.register
def _(value: results.Asserted) -> str:
    return f"holds: {value.what}\n"


@plain_text.register
def _(value: results.FailedAsExpected) -> str:
    """The failure as it would have been shown, and that it was to be."""
    from cbw_workbench.views.errors import error_text

    shown = error_text(value.error) if value.error else plain_text(value.value) or ""
    return f"{shown}failed, as expected (exit status {value.status})\n"


@plain_text.register
def _(value: results.ShellEnded) -> str:
    return "" if value.status == 0 else f"exit status {value.status}\n"


@plain_text.register
def _(value: results.ScriptOption) -> str:
    return ""


@plain_text.register
def _(value: results.Leave) -> str:
    return ""
