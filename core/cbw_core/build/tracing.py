"""The build script as the debugger sees it: which of bash's lines are whose, and where a person edits them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cbw_core.build.script import Script, script_of
from cbw_core.build.writing import Scripts
from cbw_core.errors import Place, RecipeError
from cbw_core.layout import Layout
from cbw_core.render.output import Output

if TYPE_CHECKING:
    from cbw_core.trace import Target


def target_of(scripts: Scripts, output: Output, layout: Layout, render_again: Callable[[], Output] | None) -> Target:
    """What to trace. render_again: the output as the recipe has it now, for lines of a script that are in meta.yaml.

    A script for another interpreter is one command of conda_build.sh.
    """
    from cbw_core.trace import Target

    script, file = scripts.script, scripts.build_file
    assert script is not None and file is not None
    whole = file.read_text(encoding="utf-8", errors="surrogateescape")
    text = "".join(whole.splitlines(keepends=True)[scripts.header_lines :])

    def place(text: str, line: int) -> Place | None:
        return replace(script, text=text).place(line) if script.is_bash else Place(script.file or str(file))

    def read() -> str:
        return _current(script, output, render_again)

    return Target(
        phase="build",
        name=script.name,
        script=file,
        header=scripts.header_lines,
        text=text,
        file=script.file,
        place=place,
        read=read,
        prefix=layout.host_prefix,
        work=layout.work,
    )


def _current(script: Script, output: Output, render_again: Callable[[], Output] | None) -> str:
    """The script's text as the recipe has it now."""
    if not script.is_bash:
        raise RecipeError(
            f"{script.name} is run by {script.interpreter[0]}: it cannot be changed while it runs",
            hint="`continue` lets it end; `rerun build` runs the edited script.",
        )
    if script.text_is_file and script.file:
        from cbw_core.errors import from_os_error

        try:
            return Path(script.file).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise from_os_error(error, f"reading {script.name}") from error
    now = script_of(output if render_again is None else render_again())
    if now is None:
        raise RecipeError(f"the recipe has no build script any more ({script.name})", place=Place(output.recipe_file))
    for name, before, after in (
        ("file", script.file, now.file),
        ("interpreter", script.interpreter, now.interpreter),
        ("env", dict(script.env), dict(now.env)),
        ("secrets", script.secrets, now.secrets),
    ):
        if before != after:
            raise RecipeError(
                f"the {name} of the build script is another one now: a script that runs cannot go on with that",
                kind="edit",
                place=Place(now.file or output.recipe_file),
                why=f"{name} was {_said(before)} and is {_said(after)}." if name != "secrets" else None,
                hint="Put it back, and use `set NAME=VALUE` for variables; or end this build and run it again.",
            )
    return now.text


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in value.items()) or "empty"
    return " ".join(value) if isinstance(value, tuple) else str(value)
