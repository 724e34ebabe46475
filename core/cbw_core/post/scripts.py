"""Scripts: those a recipe gives for installation, those made for entry points, and the first line of all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from cbw_core.errors import RecipeError
from cbw_core.post.elf import is_machine_code
from cbw_core.post.recipe import build_field, place_of, texts
from cbw_core.render.output import Output

_ENTRY = re.compile(r"\s*(?P<command>[\w.-]+)\s*=\s*(?P<module>[\w.]+):(?P<function>[\w.]+)\s*$")
_SHEBANG = re.compile(rb"#![^\n]+")
_PYTHON = re.compile(rb"/pythonw?(?:$|\s)")
_SCRIPT = """#!{python}
import re
import sys

from {module} import {name}

if __name__ == "__main__":
    sys.argv[0] = re.sub(r"(-script\\.pyw?|\\.exe)?$", "", sys.argv[0])
    sys.exit({function}())
"""


def link_scripts(output: Output, prefix: Path) -> list[str]:
    """Copy the recipe's pre-link, post-link and pre-unlink scripts to bin/.NAME-post-link.sh and so on; their paths.

    A recipe's own package has post-link.sh; an output NAME-post-link.sh, or what `build/post-link` names
    (conda_build.build.create_post_scripts).
    """
    made = []
    for kind in ("pre-link", "post-link", "pre-unlink"):
        name = str(build_field(output, kind, f"{output.name}-{kind}")) if output.is_output else kind
        source = Path(output.recipe_dir) / f"{name}.sh"
        if not source.is_file():
            continue
        path = f"bin/.{output.name}-{kind}.sh"
        (prefix / "bin").mkdir(parents=True, exist_ok=True)
        (prefix / path).unlink(missing_ok=True)
        shutil.copyfile(source, prefix / path)
        (prefix / path).chmod(0o775)
        made.append(path)
    return made


def entry_points(output: Output) -> dict[str, tuple[str, str]]:
    """`build/entry_points`: command -> (module, function). Raises RecipeError for one not of that form."""
    found = {}
    for item in texts(build_field(output, "entry_points")):
        match = _ENTRY.match(item)
        if match is None:
            raise RecipeError(
                f"build/entry_points: {item!r} is not of the form `command = module:function`",
                kind="entry-points",
                place=place_of(output, "entry_points", item),
            )
        found[match["command"]] = (match["module"], match["function"])
    return found


def write_entry_points(output: Output, prefix: Path) -> list[str]:
    """Write bin/COMMAND for each entry point, run by the host prefix's python; their paths."""
    made = []
    for command, (module, function) in entry_points(output).items():
        script = prefix / "bin" / command
        script.parent.mkdir(parents=True, exist_ok=True)
        script.unlink(missing_ok=True)
        name = function.split(".", 1)[0]
        script.write_text(_SCRIPT.format(python=prefix / "bin/python", module=module, name=name, function=function))
        script.chmod(0o775)
        made.append(f"bin/{command}")
    return made


def fix_shebangs(prefix: Path, files: Iterable[str]) -> list[str]:
    """Scripts in bin/ that some python runs are made to be run by the prefix's; those that were changed are returned.

    As conda-build does (conda_build.post.fix_shebang), the whole first line is replaced, and everything in bin/ that
    is neither empty nor machine code becomes executable.
    """
    changed = []
    for path in files:
        file = prefix / path
        if not path.startswith("bin/") or file.is_symlink() or not file.stat().st_size or is_machine_code(file):
            continue
        file.chmod(0o775)
        with file.open("rb") as stream:
            first = _SHEBANG.match(stream.readline())
        wanted = f"#!{prefix}/bin/python".encode()
        if first is None or not _PYTHON.search(first.group()) or first.group() == wanted:
            continue
        file.write_bytes(wanted + file.read_bytes()[first.end() :])
        changed.append(path)
    return changed
