"""All that a shell knows, as text that another shell can source: for a look in a shell of one's own, and to go back."""

from __future__ import annotations

import os
import re
import shlex
import signal
import string
from collections.abc import Callable
from pathlib import Path

from cbw_core.errors import from_os_error
from cbw_core.trace.declared import variables
from cbw_core.trace.model import Evaluated, Variable

# what a shell sets itself, or nobody can set
_NAMES = """
BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_LINENO BASH_SOURCE
BASH_SUBSHELL BASH_VERSINFO BASH_VERSION BASH_LOADABLES_PATH BASH COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS
EUID FUNCNAME GROUPS HISTCMD HOSTNAME HOSTTYPE LINENO MACHTYPE OPTERR OPTIND OSTYPE PIPESTATUS PPID PS4 RANDOM SECONDS
SHELLOPTS SHLVL SRANDOM UID _
"""
OF_BASH = frozenset(_NAMES.split())
# options that tracing switches off for itself: what they are is told by the $- of the script
_FLAGS = {"e": "errexit", "u": "nounset", "f": "noglob", "v": "verbose", "x": "xtrace"}
_SIGNALS = tuple(number for number in range(1, 65) if number not in (9, 19, 32, 33))
_CLEAR = (
    "for __cbw_i in " + " ".join(f'"${{!{letter}@}}"' for letter in f"_{string.ascii_letters}") + "; do\n"
    f"case $__cbw_i in __cbw_*|{'|'.join(sorted(OF_BASH))}) continue ;; esac\n"
    "if [[ -R $__cbw_i ]]; then builtin unset -n $__cbw_i; else builtin unset -v $__cbw_i; fi 2>/dev/null\n"
    "done"
)


def shell_state(ask: Callable[[str], Evaluated], *, interactive: bool = True) -> str:
    """Text to source. ask: evaluates code in the shell that is to be copied.

    interactive: for a person's shell, which an option like errexit must not end; else options come whole.
    """
    # first: `cd` sets OLDPWD
    lines = ["cd " + shlex.quote(ask('builtin printf %s "$PWD"').output)]
    lines += declarations(ask("builtin declare -p").output)
    lines.append(without_ours(ask("builtin declare -f").output))
    lines += [f"export -f {row.split()[-1]}" for row in ask("builtin declare -Fx").output.splitlines()]
    for row in ask("builtin shopt -p").output.splitlines():
        if not row.endswith(("extdebug", "login_shell", "restricted_shell")):
            lines.append(row)
    quiet = ("errexit", "nounset", "xtrace", "verbose", "posix")
    for row in ask("builtin set +o").output.splitlines():
        name = row.split()[-1]
        if name in ("errtrace", "functrace", "noexec", "onecmd") or (not interactive and name in _FLAGS.values()):
            continue
        if not (interactive and name in (*quiet, "history", "emacs", "vi", "monitor", "histexpand")):
            lines.append(row)
    lines += ask("builtin alias -p").output.splitlines()
    lines.append("umask " + ask("builtin umask").output.strip())
    return "\n".join([*lines, ""])


def declarations(text: str) -> list[str]:
    """The declarations of a `declare -p` that another shell can take, as global ones; values are quoted anew."""
    found = []
    for v in variables(text):
        if v.name in OF_BASH or v.name.startswith("__cbw_") or v.readonly:
            continue
        head = f"declare -g{''.join(flag for flag in v.letters if flag in 'aAilnux')} {v.name}"
        if v.value is None:
            found.append(head)
        elif isinstance(v.value, str):
            found.append(f"{head}={shlex.quote(v.value)}")
        else:
            rows = " ".join(f"[{shlex.quote(key)}]={shlex.quote(item)}" for key, item in v.value)
            found.append(f"{head}=({rows})")
    return found


def variables_of(text: str) -> dict[str, Variable]:
    """The variables of a `declare -p`, without those that are bash's own. bash sets COLUMNS and LINES itself when a
    command has ended; exported, they are somebody's."""
    found = (v for v in variables(text) if not v.name.startswith("__cbw_") and v.name not in OF_BASH)
    return {v.name: v for v in found if v.exported or v.name not in ("COLUMNS", "LINES")}


def state_to_go_back_to(ask: Callable[[str], Evaluated], flags: str) -> str:
    """Text that the same shell evaluates later, at its top level, to be as it is now. flags: its $-. Without errexit:
    what is evaluated must not end the shell. ask: as prelude.sh answers while it stands (`__cbw_args`, `__cbw_exit`).

    What no shell can take back stays: readonly variables.
    """
    lines = [_CLEAR, "unalias -a", shell_state(ask, interactive=False), "hash -r"]
    folders = ask("builtin dirs -l -p").output.splitlines()[1:]
    lines += ["dirs -c", *(f"pushd -n {shlex.quote(row)} >/dev/null" for row in reversed(folders))]
    numbers = " ".join(map(str, _SIGNALS))
    lines += [f"builtin trap - {numbers} 2>/dev/null", "__cbw_arm_urg"]
    ours = f"((__cbw_i == {int(signal.SIGURG)} && __cbw_urg))"
    lines += [ask(f"for __cbw_i in {numbers}; do {ours} || builtin trap -p $__cbw_i; done").output]
    own = "if [[ ${0} ]]; then builtin printf 'trap -- %q {1}\\n' \"${0}\"; else builtin printf 'trap - {1}\\n'; fi"
    lines += [ask(own.format(f"__cbw_{name.lower()}", name)).output for name in ("EXIT", "ERR")]
    lines += [ask(own.format(f"__cbw_{name}", which)).output for name, which in (("dbg", "DEBUG"), ("ret", "RETURN"))]
    place = 'builtin printf "__cbw_set[%s]=%q\\n" $__cbw_i "${__cbw_set[$__cbw_i]}"'
    lines += [ask(f'for __cbw_i in "${{!__cbw_set[@]}}"; do {place}; done').output]
    lines.append("set -- " + ask('((!${#__cbw_args[@]})) || builtin printf "%q " "${__cbw_args[@]}"').output)
    lines.append("IFS=" + shlex.quote(ask('builtin printf %s "$__cbw_ifs"').output))
    lines += [f"set {'-' if flag in flags else '+'}{flag}" for flag in _FLAGS if flag != "e"]
    return "\n".join([*lines, ""])


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
