"""All that a shell knows, as text that another shell can source: for a look in a shell of one's own, and to go back."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from cbw_core.errors import from_os_error
from cbw_core.trace.declared import variables
from cbw_core.trace.model import Evaluated

# what a shell sets itself, or nobody can set
_NAMES = """
BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_LINENO BASH_SOURCE
BASH_SUBSHELL BASH_VERSINFO BASH_VERSION BASH_LOADABLES_PATH BASH COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS
EUID FUNCNAME GROUPS HISTCMD HOSTNAME HOSTTYPE LINENO MACHTYPE OPTERR OPTIND OSTYPE PIPESTATUS PPID PS4 RANDOM SECONDS
SHELLOPTS SHLVL SRANDOM UID _
"""
OF_BASH = frozenset(_NAMES.split())


def shell_state(ask: Callable[[str], Evaluated], *, interactive: bool = True) -> str:
    """Text to source. ask: evaluates code in the shell that is to be copied.

    interactive: for a person's shell, which an option like errexit must not end; else options come whole.
    """
    lines = []
    for declaration in declarations(ask("builtin declare -p").output):
        lines.append(declaration)
    functions = ask("builtin declare -f").output
    lines.append(without_ours(functions))
    for row in ask("builtin shopt -p").output.splitlines():
        if not row.endswith(("extdebug", "login_shell", "restricted_shell")):
            lines.append(row)
    quiet = ("errexit", "nounset", "xtrace", "verbose", "posix")
    for row in ask("builtin set +o").output.splitlines():
        name = row.split()[-1]
        if name in ("errtrace", "functrace", "noexec", "onecmd"):
            continue
        if not (interactive and name in (*quiet, "history", "emacs", "vi", "monitor", "histexpand")):
            lines.append(row)
    lines += ask("builtin alias -p").output.splitlines()
    lines.append("umask " + ask("builtin umask").output.strip())
    lines.append("cd " + shlex.quote(ask('builtin printf %s "$PWD"').output))
    return "\n".join([*lines, ""])


def declarations(text: str) -> list[str]:
    """The declarations of a `declare -p` that another shell can take, as global ones; values are quoted anew."""
    found = []
    for v in variables(text):
        if v.name in OF_BASH or v.name.startswith("__cbw_") or v.readonly:
            continue
        flags = ("x" if v.exported else "") + ("i" if v.integer else "")
        head = f"declare -g{flags} {v.name}"
        if v.value is None:
            found.append(head)
        elif isinstance(v.value, str):
            found.append(f"{head}={shlex.quote(v.value)}")
        else:
            kind = "a" if v.kind == "a" else "A"
            rows = " ".join(f"[{shlex.quote(key)}]={shlex.quote(item)}" for key, item in v.value)
            found.append(f"declare -g{kind}{flags} {v.name}=({rows})")
    return found


def without_ours(functions: str) -> str:
    """A `declare -f` without the functions of the prelude. bash writes each as `name () ` up to a line `}`."""
    parts = re.split(r"(?m)^(?=\S+ \(\) *$)", functions)
    return "".join(part for part in parts if not re.match(r"(__cbw_\w*|trap) \(\)", part))


def write_private(path: Path, text: str) -> None:
    """Variables may hold secrets: for nobody else to read."""
    try:
        path.unlink(missing_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
    except OSError as error:
        raise from_os_error(error, f"writing {path}") from error
