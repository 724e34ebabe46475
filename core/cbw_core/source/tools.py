"""git, hg and svn as child processes that ask nobody anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cbw_core.events import LogLine, Sink
from cbw_core.process import Cancel, run
from cbw_core.source.secrets import redact

# `git rev-parse --local-env-vars`: what would point git at another repository than the one in cwd
_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF", "GIT_TRACE",
)  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """How a tool ended, and the lines it wrote (without secrets)."""

    status: int
    lines: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.status == 0

    @property
    def last(self) -> str:
        """The last line: the answer of a command that answers with one line."""
        return self.lines[-1] if self.lines else ""

    @property
    def text(self) -> str:
        return "\n".join(self.lines[-20:])


@dataclass(frozen=True)
class Tools:
    """Runs the tools. Lines of output go to `sink` unless a call is quiet."""

    sink: Sink
    cancel: Cancel
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def git(self, *args: str, cwd: Path, quiet: bool = False, env: Mapping[str, str] | None = None) -> Ran:
        """Run git: it reads the user's settings and credentials, but runs no hooks and never asks for a password."""
        settings = (
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",  # a program that a repository's own settings name
            "protocol.file.allow=always",  # submodules may be local; what a recipe names is trusted as far as it goes
            "protocol.ext.allow=never",  # a url that is a command line
            "protocol.fd.allow=never",  # one that waits for a parent to speak
            "advice.detachedHead=false",
            "gc.auto=0",
        )
        options = [part for setting in settings for part in ("-c", setting)]
        return self._run(["git", *options, *args], cwd, quiet, {**git_environment(self.environ), **(env or {})})

    def tool(self, *argv: str, cwd: Path, quiet: bool = False) -> Ran:
        return self._run(argv, cwd, quiet, {**self.environ, "HGPLAIN": "1"})

    def _run(self, argv: Sequence[str], cwd: Path, quiet: bool, env: Mapping[str, str]) -> Ran:
        lines: list[str] = []

        def keep(line: str) -> None:
            lines.append(redact(line))
            if not quiet:
                self.sink(LogLine(lines[-1], "source"))

        on_line: Callable[[str], None] = keep
        status = run(argv, cwd=cwd, env=env, on_line=on_line, cancel=self.cancel).status
        return Ran(status, tuple(lines))


def git_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for git: no questions, no templates with hooks, no other repository."""
    kept = {name: value for name, value in environ.items() if name not in _LOCAL}
    return {
        **kept,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_TEMPLATE_DIR": "",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }
