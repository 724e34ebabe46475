"""activation: bash text that does what `conda activate P1; conda activate --stack P2; ...` does, without a conda."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from cbw_core.errors import EnvironmentFailure, Place

_UNSET = "***unset***"  # conda.base.constants.CONDA_ENV_VARS_UNSET_VAR
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# What an activation changes is kept in _CBW_UNDO, as commands that take it back where nothing has changed it since.
# The next activation, of these prefixes or others, in this shell or a child of it, begins with them: so flags that
# activate.d scripts append are there once, whatever is sourced in whatever order. Works in bash 3.2, under set -eu.
_BEFORE = """\
if [ -n "${_CBW_UNDO-}" ]; then eval "$_CBW_UNDO"; fi
unset _CBW_UNDO
while IFS= read -r _cbw_name; do
  case $_cbw_name in ''|_|_cbw_*|SHLVL|PWD|OLDPWD) continue ;; esac
  printf -v "_cbw_was_$_cbw_name" '%s' "${!_cbw_name-}"
done <<< "$(compgen -e)"
"""
_AFTER = """\
_CBW_UNDO=
while IFS= read -r _cbw_name; do
  case $_cbw_name in ''|_|_cbw_*|_CBW_UNDO|SHLVL|PWD|OLDPWD) continue ;; esac
  _cbw_was=_cbw_was_$_cbw_name
  printf -v _cbw_now '%q' "${!_cbw_name-}"
  if [ -z "${!_cbw_was+set}" ]; then
    _CBW_UNDO="${_CBW_UNDO}if [ \\"\\${$_cbw_name-}\\" = $_cbw_now ]; then unset $_cbw_name; fi"$'\\n'
  elif [ "${!_cbw_was}" != "${!_cbw_name-}" ]; then
    printf -v _cbw_old '%q' "${!_cbw_was}"
    _CBW_UNDO="${_CBW_UNDO}if [ \\"\\${$_cbw_name-}\\" = $_cbw_now ]; then export $_cbw_name=$_cbw_old; fi"$'\\n'
  fi
  unset "$_cbw_was"
done <<< "$(compgen -e)"
while IFS= read -r _cbw_was; do
  case $_cbw_was in _cbw_was_?*) ;; *) continue ;; esac
  _cbw_name=${_cbw_was#_cbw_was_}
  printf -v _cbw_old '%q' "${!_cbw_was}"
  _CBW_UNDO="${_CBW_UNDO}if [ -z \\"\\${$_cbw_name+set}\\" ]; then export $_cbw_name=$_cbw_old; fi"$'\\n'
  unset "$_cbw_was"
done <<< "$(compgen -v _cbw_was_ || :)"
unset _cbw_name _cbw_was _cbw_now _cbw_old _cbw_path _cbw_bin
export _CBW_UNDO
"""
_LEAVE_PATH = """\
_cbw_path=":${{PATH-}}:"
for _cbw_bin in {bins}; do
  while [[ $_cbw_path == *":$_cbw_bin:"* ]]; do
    _cbw_path="${{_cbw_path%%":$_cbw_bin:"*}}:${{_cbw_path#*":$_cbw_bin:"}}"
  done
done
_cbw_path=${{_cbw_path#:}}
export PATH="${{_cbw_path%:}}"
"""


def activation(prefixes: Sequence[Path]) -> str:
    """Bash text that activates `prefixes` (absolute), each stacked on those before: the last one's bin leads PATH.

    As conda does (conda.activate, the posix activator): PATH, CONDA_PREFIX, CONDA_SHLVL, CONDA_DEFAULT_ENV,
    CONDA_PROMPT_MODIFIER, CONDA_PREFIX_n, CONDA_STACKED_n, the variables of etc/conda/env_vars.d and
    conda-meta/state, then etc/conda/activate.d/*.sh in the order of their names. Levels count from 1 whatever was
    active before; PS1 stays as it is. Sourced again, it leaves the same environment as sourced once.
    The scripts are those there now: make the text after the prefixes. For files that it names, not their contents.
    Raises EnvironmentFailure(kind="prefix") for a file of variables that cannot be read.
    """
    for prefix in prefixes:
        if not prefix.is_absolute():
            raise ValueError(f"not an absolute path: {prefix}")
    if not prefixes:
        return ""
    parts = [_BEFORE, _leave_path(prefixes)]
    for level, prefix in enumerate(prefixes, 1):
        parts += [f"{line}\n" for line in _level(prefix, level, prefixes[level - 2] if level > 1 else None)]
    return "".join([*parts, _AFTER])


def activation_steps(prefixes: Sequence[Path]) -> Iterator[tuple[Path, Path | None, str]]:
    """What `activation` does, step by step: (prefix, the script of a package or None for conda's own part, bash text).
    Without what takes an earlier activation back: for a shell that has none."""
    for level, prefix in enumerate(prefixes, 1):
        own = [_leave_path(prefixes)] if level == 1 else []
        for line in _level(prefix, level, prefixes[level - 2] if level > 1 else None):
            if line.startswith(". "):
                if own:
                    yield prefix, None, "\n".join(own)
                    own = []
                yield prefix, Path(shlex.split(line)[1]), line
            else:
                own.append(line)
        if own:
            yield prefix, None, "\n".join(own)


def _leave_path(prefixes: Sequence[Path]) -> str:
    """Bash that takes the prefixes out of PATH, where they are to stand once and in order."""
    return _LEAVE_PATH.format(bins=" ".join(shlex.quote(str(prefix / "bin")) for prefix in prefixes))


def _level(prefix: Path, level: int, below: Path | None) -> Iterator[str]:
    name = prefix.name if prefix.parent.name == "envs" else str(prefix)
    yield f'export PATH={shlex.quote(str(prefix / "bin"))}"${{PATH:+:$PATH}}"'
    yield f"export CONDA_PREFIX={shlex.quote(str(prefix))}"
    yield f"export CONDA_SHLVL={level}"
    yield f"export CONDA_DEFAULT_ENV={shlex.quote(name)}"
    yield f"export CONDA_PROMPT_MODIFIER={shlex.quote(f'({name}) ')}"
    if below is not None:
        yield f"export CONDA_PREFIX_{level - 1}={shlex.quote(str(below))}"
        yield f"export CONDA_STACKED_{level}=true"
    for variable, value in _variables(prefix).items():
        yield f"unset {variable}" if value == _UNSET else f"export {variable}={shlex.quote(value)}"
    for script in sorted((prefix / "etc" / "conda" / "activate.d").glob("*.sh")):
        yield f". {shlex.quote(str(script))}"


def _variables(prefix: Path) -> dict[str, str]:
    """Variables that packages and the environment set; the environment's own (conda-meta/state) win."""
    found: dict[str, str] = {}
    for file in sorted((prefix / "etc" / "conda" / "env_vars.d").glob("*.json")):
        found.update(_strings(file, _load(file)))
    state = prefix / "conda-meta" / "state"
    if state.is_file():
        data = _load(state)
        found.update(_strings(state, data.get("env_vars") or {}))
    return found


def _load(file: Path) -> dict[str, object]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _wrong(file, str(error)) from None
    if not isinstance(data, dict):
        raise _wrong(file, "it is not an object of names and values")
    return data


def _strings(file: Path, data: object) -> dict[str, str]:
    """Names in capitals, as conda exports them."""
    if not isinstance(data, dict):
        raise _wrong(file, "its variables are not an object of names and values")
    for name in data:
        if not _NAME.fullmatch(name):
            raise _wrong(file, f"{name!r} is no name of a variable")
    return {name.upper(): str(value) for name, value in data.items()}


def _wrong(file: Path, why: str) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"{file.name} of the environment cannot be read",
        kind="prefix",
        place=Place(str(file)),
        why=why,
        hint="Report it to the package that ships the file.",
    )
