"""Shared by the tests of rendering: recipes written to a folder, a configuration, and a resolver over a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cbw_core.config import Config
from cbw_core.errors import EnvironmentFailure
from cbw_core.render import Rendered, Resolved, render_recipe

ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


def config(folder: Path, **render: Any) -> Config:
    made = Config(croot=folder / "croot", cache=folder / "cache", state=folder / "state", build_platform="linux-64")
    return made.with_render(**render)


def write(folder: Path, text: str, name: str = "meta.yaml", **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    for file, content in files.items():
        (folder / file.replace("__", ".")).write_text(content)
    return folder


def render(
    folder: Path, text: str | None = None, *, resolver: Any = None, environ: Any = None, **options: Any
) -> Rendered:
    if text is not None:
        write(folder, text)
    return render_recipe(
        folder, config(folder, **options), resolver=resolver, environ=ENVIRON if environ is None else environ
    )


class TableResolver:
    """Solves over a list of packages by trying, the newest first."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = rows
        self.asked: list[tuple[tuple[str, ...], str, str, tuple[str, ...]]] = []

    def solve(
        self, specs: Sequence[str], platform: str, *, env: str, siblings: Sequence[Resolved] = ()
    ) -> tuple[Resolved, ...]:
        self.asked.append((tuple(specs), platform, env, tuple(s.dist for s in siblings)))
        own = {s.name for s in siblings}
        rows = (_resolved(r) for r in self.rows if r["subdir"] in (platform, "noarch") and r["name"] not in own)
        found = _search(list(specs), {}, sorted([*siblings, *rows], key=_age, reverse=True))
        if found is None:
            raise EnvironmentFailure(f"nothing provides {' and '.join(specs)}", kind="solve")
        return tuple(sorted(found.values(), key=lambda r: r.name))

    def run_exports(self, packages: Sequence[Resolved]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        return {p.dist: p.run_exports or {} for p in packages}


def _age(package: Resolved) -> Any:
    """Newer is greater; of the builds for several Pythons, that for the newest."""
    from rattler import Version

    python = re.search(r"\d+", package.build)
    return Version(package.version), package.build_number, int(python.group()) if python else 0


def _search(specs: Sequence[str], chosen: dict[str, Resolved], known: Sequence[Resolved]) -> dict[str, Resolved] | None:
    from rattler import MatchSpec

    wanted = [*specs, *(d for r in chosen.values() for d in r.depends if not d.startswith("__"))]
    matchers = [(_name(s), MatchSpec(s, strict=False)) for s in wanted]
    if not all(_matches(m, chosen[name]) for name, m in matchers if name in chosen):
        return None
    missing = next((name for name, _ in matchers if name not in chosen), None)
    if missing is None:
        return chosen
    for package in known:
        if package.name == missing and all(_matches(m, package) for name, m in matchers if name == missing):
            found = _search(specs, {**chosen, missing: package}, known)
            if found is not None:
                return found
    return None


def _name(spec: str) -> str:
    return spec.split()[0].split("=")[0].split(">")[0].split("<")[0]


def _matches(spec: Any, package: Resolved) -> bool:

    from rattler import BuildString, PackageRecord

    record = PackageRecord(
        package.name, package.version, BuildString(package.build), package.build_number, package.subdir
    )
    return bool(spec.matches(record))


def _resolved(row: Mapping[str, Any]) -> Resolved:
    return Resolved(
        name=row["name"],
        version=row["version"],
        build=row.get("build", "0"),
        build_number=row.get("build_number", 0),
        subdir=row["subdir"],
        noarch=row.get("noarch", ""),
        url=f"table://{row['name']}",
        depends=tuple(row.get("depends", ())),
        constrains=tuple(row.get("constrains", ())),
        run_exports={k: tuple(v) for k, v in (row.get("run_exports") or {}).items()},
    )
