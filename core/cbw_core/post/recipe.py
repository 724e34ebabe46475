"""The recipe as post-processing and packaging ask it: fields as lists, and places in meta.yaml for errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cbw_core.errors import Place
from cbw_core.render.output import Output

# the fields of the build section that post-processing looks at: a change of one makes its result stale
BUILD_FIELDS = (
    "always_include_files", "binary_has_prefix_files", "binary_relocation", "detect_binary_files_with_prefix",
    "entry_points", "error_overdepending", "error_overlinking", "has_prefix_files", "ignore_prefix_files",
    "ignore_run_exports", "missing_dso_allowlist", "missing_dso_whitelist", "no_link", "noarch", "noarch_python",
    "overlinking_ignore_patterns", "post-link", "pre-link", "pre-unlink", "preserve_egg_dir",
    "python_version_independent", "rpaths", "rpaths_patcher", "runpath_allowlist", "runpath_whitelist", "script",
    "skip_compile_pyc",
)  # fmt: skip


def as_list(value: Any) -> list[Any]:
    """A field that may be absent, one value or a list, as a list (conda_build.utils.ensure_list)."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple, set)) else [value]


def texts(value: Any) -> list[str]:
    """As `as_list`, without what is empty, as text."""
    return [str(item) for item in as_list(value) if item not in (None, "")]


def build_field(output: Output, name: str, default: Any = None) -> Any:
    """`build/<name>`, or `default` where the recipe does not give it."""
    value = output.section("build").get(name)
    return default if value is None else value


def is_python_anywhere(output: Output) -> bool:
    """Whether Python files go to whatever Python is at installation: `noarch: python` or python_version_independent."""
    return output.noarch == "python" or bool(build_field(output, "python_version_independent"))


def place_of(output: Output, key: str, text: str = "") -> Place:
    """The line of meta.yaml that has `text` at or below a line with `key:`; else that of the first `key:`.

    The recipe's own text is searched, before rendering: a value made by a template leads to its key.
    """
    try:
        lines = Path(output.recipe_file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return Place(output.recipe_file or "meta.yaml", text=text or None)
    keys = [n for n, line in enumerate(lines) if line.strip().removeprefix("- ").startswith(f"{key}:")]
    for start in keys if text else ():
        for n in range(start, len(lines)):
            if text in lines[n].split(" #")[0]:
                return Place(output.recipe_file, n + 1, lines[n].index(text) + 1, text)
    if keys:
        return Place(output.recipe_file, keys[0] + 1, lines[keys[0]].index(key) + 1, text or key)
    return Place(output.recipe_file, text=text or None)
