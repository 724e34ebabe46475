"""Where each variable of a build or a test comes from."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from cbw_core.build.script import script_of
from cbw_core.build.variables import Purpose, active_prefixes, environment
from cbw_core.build.writing import activates
from cbw_core.config import Config
from cbw_core.errors import BuildError
from cbw_core.layout import Layout
from cbw_core.process import Cancel, run
from cbw_core.render.output import Output

Origin = Literal["conda-build", "variant", "script_env", "script", "secret", "caller", "activation", "activate.d"]

HIDDEN = "********"
# what bash itself sets, and changes
_OWN = frozenset({"_", "SHLVL", "PWD", "OLDPWD"})


@dataclass(frozen=True)
class Source:
    """Who gave a variable a value. origin: "conda-build" (set for every build), "variant" (a key of it), "script_env",
    "script" (`build/script/env`), "secret" (its value is hidden), "caller" (let through), "activation" (as conda
    activates) or "activate.d" (a script of a package). detail: the package, or the key."""

    origin: Origin
    value: str
    detail: str = ""
    file: str = ""


@dataclass(frozen=True)
class Variable:
    """A variable as the script sees it. sources: who set it, the last one first; more than one where one replaced or
    lengthened what another set. value None: the last one unset it."""

    name: str
    value: str | None
    sources: tuple[Source, ...]


def explained(
    output: Output,
    layout: Layout,
    config: Config,
    *,
    purpose: Purpose = "build",
    environ: Mapping[str, str],
    cancel: Cancel | None = None,
) -> tuple[Variable, ...]:
    """Every variable of a build ("build") or of the tests ("test"), by name. Activation is run, step by step, in the
    environments that are there. Raises BuildError where a script of theirs ends the shell."""
    found = {name: [source] for name, source in _base(output, layout, config, purpose, environ).items()}
    now: dict[str, str | None] = {name: sources[0].value for name, sources in found.items()}
    prefixes = active_prefixes(output, layout) if purpose == "build" else (layout.test_prefix,)
    asked = activates(output) if purpose == "build" else output.name != "conda"
    if config.activate and asked and any(prefix.is_dir() for prefix in prefixes):
        values = environment(output, layout, config, purpose=purpose, environ=environ)
        hidden = {name for name, sources in found.items() if sources[0].origin == "secret"}
        for name, value, source in _activated(prefixes, values, layout, cancel):
            shown = HIDDEN if name in hidden and value else value
            now[name] = shown
            found.setdefault(name, []).insert(0, replace(source, value=shown or ""))
    return tuple(Variable(name, now[name], tuple(found[name])) for name in sorted(found))


def _base(
    output: Output, layout: Layout, config: Config, purpose: Purpose, environ: Mapping[str, str]
) -> dict[str, Source]:
    """The variables before activation. What changes when the caller's environment, or the variant, is empty comes from
    there."""
    values = environment(output, layout, config, purpose=purpose, environ=environ)
    alone = environment(output, layout, config, purpose=purpose, environ={})
    without = environment(replace(output, variant={}), layout, config, purpose=purpose, environ=environ)
    script = script_of(output)
    told = output.section("build").get("script_env") or ()
    asked = {str(item).partition("=")[0]: str(item) for item in ([told] if isinstance(told, str) else told)}
    found = {}
    for name, value in values.items():
        if script is not None and name in script.secrets:
            found[name] = Source("secret", HIDDEN, "build/script/secrets")
        elif script is not None and name in script.env:
            found[name] = Source("script", value, "build/script/env")
        elif name in asked:
            kind = "set by the recipe" if "=" in asked[name] else "the caller's"
            found[name] = Source("script_env", value, f"build/script_env, {kind}")
        elif name == "PATH":
            found[name] = Source("conda-build", value, "bin of the environments, then the caller's PATH")
        elif alone.get(name) != value:
            found[name] = Source("caller", value)
        elif without.get(name) != value or _key(name, output) in output.variant:
            found[name] = Source("variant", value, _key(name, output))
        else:
            found[name] = Source("conda-build", value)
    return found


def _key(name: str, output: Output) -> str:
    """The key of the variant that a variable is made of: its own name, or a language's (PY_VER of python)."""
    if name in output.variant:
        return name
    languages = {"PY": "python", "NPY": "numpy", "PERL": "perl", "LUA": "lua", "R": "r_base"}
    word = next((part for part in name.removeprefix("CONDA_").split("_") if part in languages), "")
    return languages.get(word, "python" if name in ("STDLIB_DIR", "SP_DIR", "PY3K") else "")


def _activated(
    prefixes: Sequence[Path], values: Mapping[str, str], layout: Layout, cancel: Cancel | None
) -> Iterator[tuple[str, str | None, Source]]:
    """(name, value, source) of all that the steps of activating change, in order; value None where one is unset."""
    from cbw_core.env import activation_steps, installed_files

    steps = list(activation_steps(prefixes))
    owners = {prefix: installed_files(prefix) for prefix in prefixes}
    with tempfile.TemporaryDirectory(prefix="cbw-variables-") as folder:
        text = [f"{text}\n{_dump(Path(folder) / str(n))}" for n, (_, _, text) in enumerate(steps)]
        cwd = layout.work if layout.work.is_dir() else layout.root
        done = run(["bash", "-c", "\n".join(text)], cwd=cwd, env=dict(values), cancel=cancel)
        before: dict[str, str] = dict(values)
        for number, (prefix, script, _) in enumerate(steps):
            file = Path(folder) / str(number)
            if not file.is_file():
                raise _ended(script, prefix, done.tail)
            now = _read(file)
            path = "" if script is None else script.relative_to(prefix).as_posix()
            owner = owners[prefix].get(path, "no package") if script else prefix.name
            source = Source(
                "activate.d" if script else "activation", "", owner if script else str(prefix), str(script or "")
            )
            for name in sorted({*before, *now} - _OWN):
                if before.get(name) != now.get(name):
                    yield name, now.get(name), source
            before = now


def _dump(file: Path) -> str:
    """Bash that writes the exported variables to a file, whatever PATH is by now."""
    quoted = shlex.quote(str(file))
    return (
        f'while IFS= read -r _cbw_n; do printf \'%s=%s\\0\' "$_cbw_n" "${{!_cbw_n-}}"; done < <(compgen -e) > {quoted}'
    )


def _read(file: Path) -> dict[str, str]:
    rows = os.fsdecode(file.read_bytes()).split("\0")
    return dict(row.split("=", 1) for row in rows if "=" in row)


def _ended(script: Path | None, prefix: Path, tail: Sequence[str]) -> BuildError:
    return BuildError(
        f"{script.name if script else 'activation'} of {prefix.name} ended the shell",
        kind="build",
        why=tail[-1] if tail else "It said nothing.",
        hint="The build script ends there too: report it to the package that ships the script.",
    )
