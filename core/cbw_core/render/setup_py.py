"""load_setup_py_data: the arguments a project's setup.py gives to setup(), read by running it in a child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.events import Note
from cbw_core.render.state import State

SECONDS = 20
# Runs setup.py with setup() replaced, and writes what it was called with; setup.cfg's values win, as with conda-build.
_CHILD = """
import json, os, sys
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

    The child has a clean environment, 20 seconds and a process group of its own. Raises RecipeError where code may not
    be run (`no_code`), setup.py fails, or it takes too long.
    """
    work = state.work
    if work.config.render.no_code:
        raise RecipeError(
            f"load_setup_py_data would run {path.name}, and running code is not allowed",
            kind="trust",
            place=state.place(),
            hint="Render without --no-code, if you trust the recipe.",
        )
    key = ("setup.py", str(path))
    if key not in work.loaded:
        work.note_read(path)
        work.sink(Note(f"running {path} in a child process, for load_setup_py_data"))
        work.loaded[key] = _run(state, path)
    data: dict[str, Any] = json.loads(work.loaded[key])
    return data


def _run(state: State, path: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="cbw-setup-") as folder:
        out = Path(folder) / "data.json"
        env = {
            "PATH": state.work.environ.get("PATH", os.defpath),
            "HOME": folder,
            "LANG": "C.UTF-8",
            "CONDA_BUILD_STATE": "RENDER",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SETUPTOOLS_USE_DISTUTILS": "local",
        }
        argv = [sys.executable, "-c", _CHILD, str(path), str(out)]
        try:
            child = subprocess.Popen(
                argv,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise _failed(state, path, str(error), None) from None
        try:
            text, _ = child.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            _end(child)
            raise _failed(state, path, f"it takes more than {SECONDS} seconds", None) from None
        finally:
            _end(child)
        if child.returncode or not out.is_file():
            last = text.strip().splitlines()[-1:] or ["it wrote nothing"]
            raise _failed(state, path, last[0], text[-4000:])
        return out.read_text()


def _end(child: subprocess.Popen[str]) -> None:
    """End the child and what it started."""
    import signal

    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    child.wait()


def _failed(state: State, path: Path, why: str, details: str | None) -> RecipeError:
    hint = "setuptools is not installed beside cbw; install it." if "No module named" in why else None
    return RecipeError(
        f"load_setup_py_data: {path.name} cannot be read: {why}",
        kind="jinja",
        place=state.place(),
        hint=hint or f"Run python {path} --version to see the error.",
        details=details,
    )
