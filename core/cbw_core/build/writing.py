"""build_env_setup.sh and conda_build.sh: the two files that make a work folder a place to debug in."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cbw_core.build.script import Script, script_of
from cbw_core.build.variables import active_prefixes, environment, undefined
from cbw_core.config import Config
from cbw_core.errors import from_os_error
from cbw_core.events import Note, Sink, silent
from cbw_core.layout import Layout
from cbw_core.render.output import Output


@dataclass(frozen=True)
class Scripts:
    """The files written. build_file is None when the output has no script. header_lines: lines of build_file before
    the first one of the script."""

    env_file: Path
    build_file: Path | None
    script: Script | None = None
    header_lines: int = 0


def write_scripts(
    output: Output, layout: Layout, config: Config, *, environ: Mapping[str, str], sink: Sink = silent
) -> Scripts:
    """Write work/build_env_setup.sh (0600) and, when the output has a script, work/conda_build.sh (0700).

    Any bash can source the first, with whatever environment, and again; then `bash conda_build.sh` builds. A script
    for another interpreter is put beside them, under its own name.
    """
    script = script_of(output)
    for name in undefined(output, environ):
        sink(Note(f"the recipe asks for the variable {name}, which is not set", level="warning", phase="build"))
    start = header(layout)
    try:
        layout.work.mkdir(parents=True, exist_ok=True)
        write_file(layout.env_file, env_text(output, layout, config, environ=environ), 0o600)
        if script is None:
            layout.build_file.unlink(missing_ok=True)
            return Scripts(layout.env_file, None)
        write_file(layout.build_file, start + _body(script, layout), 0o700)
    except OSError as error:
        raise from_os_error(error, "writing the build scripts") from error
    return Scripts(layout.env_file, layout.build_file, script, start.count("\n"))


def env_text(output: Output, layout: Layout, config: Config, *, environ: Mapping[str, str]) -> str:
    """build_env_setup.sh: exports, then activation (unless config or build/activate_in_script forbid it)."""
    values = environment(output, layout, config, environ=environ)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    if config.activate and activates(output):
        from cbw_core.env import activation

        lines.append(activation(active_prefixes(output, layout)).rstrip("\n"))
    return "\n".join(
        [f"# The build environment of {output.dist}: source it in any bash, again whenever you like.", *lines, ""]
    )


def activates(output: Output) -> bool:
    """Whether the recipe lets its script be run in the activated environment (build.bundle_conda, metadata.
    activate_build_script): activate_in_script is not looked at for `build/script` of an output."""
    if output.is_output and not output.is_toplevel and not output.script:
        return True
    return output.section("build").get("activate_in_script") is not False


def header(layout: Layout) -> str:
    """The first lines of conda_build.sh, as conda-build has them: the script can be run by hand, in the environment or
    outside of it."""
    return f"if [ -z ${{CONDA_BUILD+x}} ]; then\n    source {shlex.quote(str(layout.env_file))}\nfi\n"


def script_file_name(script: Script) -> str:
    """The name in the work folder of a script that is not part of conda_build.sh."""
    return Path(script.file).name if script.file and script.text_is_file else "output_script"


def _body(script: Script, layout: Layout) -> str:
    if script.is_bash:
        return script.text
    file = layout.work / script_file_name(script)
    write_file(file, script.text, 0o700)
    return f"{shlex.join((*script.interpreter, str(file)))}\n"


def write_file(path: Path, text: str, mode: int) -> None:
    """Whole or not at all, with `mode` from the first moment (the environment may hold secrets)."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(fd, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
    partial.chmod(mode)
    partial.replace(path)
