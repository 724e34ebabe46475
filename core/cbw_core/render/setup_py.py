"""load_setup_py_data: the arguments a project's setup.py gives to setup(), read by running it in a child process."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.events import Note
from cbw_core.process import TIMED_OUT, Finished, run
from cbw_core.recipe import read_text
from cbw_core.render.state import State

SECONDS = 10
# Runs setup.py with setup() replaced, and writes what it was called with; setup.cfg's values win, as with conda-build.
# Its files may have 100 MB.
_CHILD = """
import json, os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000_000, 100_000_000))
path, out = sys.argv[1], sys.argv[2]
data, config = {}, {}
def setup(**kw):
    data.update(kw)
    data.update(config)
%s
os.chdir(os.path.dirname(path))
sys.path.insert(0, os.path.dirname(path))
sys.argv[:] = [path]
cfg = os.path.join(os.path.dirname(path), "setup.cfg")
if os.path.isfile(cfg):
    for part in read_configuration(cfg).values():
        config.update(part)
with open(path) as f:
    code = compile(f.read(), path, "exec", dont_inherit=True)
exec(code, {"__name__": "__main__", "__doc__": None, "__file__": path})
with open(out, "w") as f:
    json.dump(data, f, skipkeys=True, default=lambda value: None)
"""
_WITH_SETUPTOOLS = """
import distutils.core, setuptools
try:
    from setuptools.config.setupcfg import read_configuration
except ImportError:
    from setuptools.config import read_configuration
setuptools.setup = distutils.core.setup = setup
"""
# Importing setuptools takes ten times as long as all the rest; most of what is asked of it is setup(). Whatever else
# is (by a module that setup.py imports) ends the child, and it is run again with setuptools.
_NEEDS_SETUPTOOLS = 77
_WITHOUT_SETUPTOOLS = f"""
import types
def read_configuration(file):
    os._exit({_NEEDS_SETUPTOOLS})
class Setuptools(types.ModuleType):
    def __getattr__(self, name):
        os._exit({_NEEDS_SETUPTOOLS})
class Finder:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in ("setuptools", "distutils", "pkg_resources"):
            os._exit({_NEEDS_SETUPTOOLS})
sys.meta_path.insert(0, Finder)
sys.modules["setuptools"] = Setuptools("setuptools")
vars(sys.modules["setuptools"]).update(setup=setup, __path__=[])
"""
_SETUP_ALONE = re.compile(r"^\s*from setuptools import setup\s*$", re.M)
_MENTIONED = re.compile(r"setuptools|distutils|pkg_resources")


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
        done = None
        if _asks_for_setup_alone(path):
            done = _child(state, path, out, _WITHOUT_SETUPTOOLS, env, SECONDS)
        if done is None or done.status == _NEEDS_SETUPTOOLS:
            done = _child(state, path, out, _WITH_SETUPTOOLS, env, SECONDS - (done.seconds if done else 0))
        if done.status == TIMED_OUT:
            raise _failed(state, path, f"it takes more than {SECONDS} seconds", None)
        if done.status or not out.is_file():
            last = [line for line in done.tail if line.strip()][-1:] or ["it wrote nothing"]
            raise _failed(state, path, last[0].strip()[:500], "\n".join(done.tail))
        return read_text(out)


def _asks_for_setup_alone(path: Path) -> bool:
    """Whether a setup.py mentions nothing of setuptools but its setup(), nor has a setup.cfg beside it."""
    return not path.with_name("setup.cfg").is_file() and not _MENTIONED.search(_SETUP_ALONE.sub("", read_text(path)))


def _child(state: State, path: Path, out: Path, first: str, env: Mapping[str, str], seconds: float) -> Finished:
    argv = [sys.executable, "-c", _CHILD % first, str(path), str(out)]
    return run(argv, cwd=out.parent, env=env, cancel=state.work.cancel, timeout=seconds)


def _failed(state: State, path: Path, why: str, details: str | None) -> RecipeError:
    hint = "setuptools is not installed beside cbw; install it." if "No module named" in why else None
    return RecipeError(
        f"load_setup_py_data: {path.name} cannot be read: {why}",
        kind="jinja",
        hint=hint or f"Run python {path} --version to see what it does.",
        details=details,
    )
