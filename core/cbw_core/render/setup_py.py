"""load_setup_py_data: the arguments a project's setup.py gives to setup(), read by running it in a child process."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.events import Note
from cbw_core.process import TIMED_OUT, run
from cbw_core.recipe import read_text
from cbw_core.render.state import State

SECONDS = 10
# Runs setup.py with setup() replaced, and writes what it was called with; setup.cfg's values win, as with conda-build.
# Its files may have 100 MB.
_CHILD = """
import json, os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000_000, 100_000_000))
import distutils.core, setuptools
path, out = sys.argv[1], sys.argv[2]
data, config = {}, {}
os.chdir(os.path.dirname(path))
sys.path.insert(0, os.path.dirname(path))
sys.argv[:] = [path]
cfg = os.path.join(os.path.dirname(path), "setup.cfg")
if os.path.isfile(cfg):
    try:
        from setuptools.config.setupcfg import read_configuration
    except ImportError:
        from setuptools.config import read_configuration
    for part in read_configuration(cfg).values():
        config.update(part)
def setup(**kw):
    data.update(kw)
    data.update(config)
setuptools.setup = distutils.core.setup = setup
with open(path) as f:
    code = compile(f.read(), path, "exec", dont_inherit=True)
exec(code, {"__name__": "__main__", "__doc__": None, "__file__": path})
with open(out, "w") as f:
    json.dump(data, f, skipkeys=True, default=lambda value: None)
"""


def load_setup_py_data(state: State, path: Path) -> dict[str, Any]:
    """What `path` (a setup.py) gives to setup(), as JSON has it.

    The child has a clean environment and ten seconds; it and all it starts are ended with cbw. Raises RecipeError where
    code may not be run (`no_code`), setup.py fails, or it takes too long.
    """
    work = state.work
    if work.config.render.no_code:
        raise RecipeError(
            f"load_setup_py_data would run {path.name}, and running code is not allowed",
            kind="trust",
            hint="Render without --no-code, if you trust the recipe.",
        )
    key = ("setup.py", str(path))
    if key not in work.loaded:
        work.note_read(path)
        work.sink(Note(f"running {path} in a child process, for load_setup_py_data"))
        work.warn(f"load_setup_py_data ran {path} in a child process (--no-code refuses that)")
        work.loaded[key] = _run(state, path)
    data: dict[str, Any] = json.loads(work.loaded[key])
    return data


def _run(state: State, path: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="cbw-setup-") as folder:
        out = Path(folder) / "data.json"
        env = {
            "PATH": state.work.environ.get("PATH", os.defpath),
            "HOME": folder,
            "TMPDIR": folder,
            "LANG": "C.UTF-8",
            "CONDA_BUILD_STATE": "RENDER",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SETUPTOOLS_USE_DISTUTILS": "local",
        }
        argv = [sys.executable, "-c", _CHILD, str(path), str(out)]
        done = run(argv, cwd=Path(folder), env=env, cancel=state.work.cancel, timeout=SECONDS)
        if done.status == TIMED_OUT:
            raise _failed(state, path, f"it takes more than {SECONDS} seconds", None)
        if done.status or not out.is_file():
            last = [line for line in done.tail if line.strip()][-1:] or ["it wrote nothing"]
            raise _failed(state, path, last[0].strip()[:500], "\n".join(done.tail))
        return read_text(out)


def _failed(state: State, path: Path, why: str, details: str | None) -> RecipeError:
    hint = "setuptools is not installed beside cbw; install it." if "No module named" in why else None
    return RecipeError(
        f"load_setup_py_data: {path.name} cannot be read: {why}",
        kind="jinja",
        hint=hint or f"Run python {path} --version to see what it does.",
        details=details,
    )
