"""Scripts for etc/conda/{activate,deactivate}.d that set variables and give back what was there.

The habits are those of conda-forge's ctng-compiler-activation: values fit $PREFIX under CONDA_BUILD=1 and $CONDA_PREFIX
otherwise, flags that the caller has set are kept, and what was there is saved as CONDA_BACKUP_<name>.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cbw_core.env.host.stage import File

# Values may use these: the prefix that is built for (or the active one), and what only a build adds.
_PREAMBLE = """\
if [ "${CONDA_BUILD:-0}" = "1" ]; then
  _cbw_prefix="${PREFIX:-${CONDA_PREFIX}}"
  _cbw_source_map=" -fdebug-prefix-map=${SRC_DIR:-.}=/usr/local/src/conda/${PKG_NAME:-}-${PKG_VERSION:-}"
  _cbw_debug_map="${_cbw_source_map} -fdebug-prefix-map=${_cbw_prefix}=/usr/local/src/conda-prefix"
  _cbw_cmake=" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER -DCMAKE_PROGRAM_PATH=${CONDA_PREFIX}/bin;${_cbw_prefix}/bin"
  _cbw_cmake="${_cbw_cmake} -DCMAKE_INSTALL_PREFIX=${_cbw_prefix} -DCMAKE_INSTALL_LIBDIR=lib"
  _cbw_meson=" --prefix=${_cbw_prefix} -Dlibdir=lib"
else
  _cbw_prefix="${CONDA_PREFIX}"
  _cbw_debug_map=""
  _cbw_cmake=""
  _cbw_meson=""
fi
"""
_UNSET = "unset _cbw_prefix _cbw_source_map _cbw_debug_map _cbw_cmake _cbw_meson\n"


@dataclass(frozen=True)
class Variable:
    """A variable to set. `value` is shell text in double quotes; kept: a value that the caller has wins."""

    name: str
    value: str
    kept: bool = False


def activation_files(package: str, variables: Sequence[Variable]) -> tuple[File, ...]:
    """The two scripts of `package`. Activating twice is activating once; deactivating first does nothing."""
    marker = "_CBW_HOST_" + re.sub(r"\W", "_", package).upper()
    restore = "".join(_restore(v) for v in variables) + f"unset {marker}\n"
    head = f"# {package} of cbw's host channel: this machine's own programs, under the names conda packages use.\n"
    again = f'if [ -n "${{{marker}:-}}" ]; then\n{_indented(restore)}fi\n'
    activate = head + again + _PREAMBLE + "".join(_set(v) for v in variables) + f"export {marker}=1\n" + _UNSET
    return (
        File(f"etc/conda/activate.d/activate-{package}.sh", activate.encode()),
        File(f"etc/conda/deactivate.d/deactivate-{package}.sh", (head + again).encode()),
    )


def _set(variable: Variable) -> str:
    name, backup = variable.name, f"CONDA_BACKUP_{variable.name}"
    save = f'if [ -n "${{{name}+x}}" ]; then export {backup}="${{{name}}}"; else unset {backup}; fi\n'
    value = f"${{{name}:-{variable.value}}}" if variable.kept else variable.value
    return f'{save}export {name}="{value}"\n'


def _restore(variable: Variable) -> str:
    name, backup = variable.name, f"CONDA_BACKUP_{variable.name}"
    return f'if [ -n "${{{backup}+x}}" ]; then export {name}="${{{backup}}}"; unset {backup}; else unset {name}; fi\n'


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())
