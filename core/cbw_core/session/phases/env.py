"""env: build and host environments, the scripts that enter them, and what they held before the build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cbw_core import env
from cbw_core.channel import Worker
from cbw_core.events import Note
from cbw_core.render.output import Resolved
from cbw_core.session import making, solving
from cbw_core.session.changes import edits, live
from cbw_core.session.disk import aside, digests, jsonfile, relocate, trees
from cbw_core.session.folder import SessionFolder
from cbw_core.session.look import Look
from cbw_core.session.model import Phase, State
from cbw_core.session.phases import scripts, source
from cbw_core.session.phases.work import Work


def inputs(session: SessionFolder, look: Look) -> dict[str, str]:
    output = session.output
    found = {
        "build requirements": digests.of_data(output.requirements.build),
        "host requirements": digests.of_data(output.requirements.host),
        "solved packages": digests.of_data({k: [(r.dist, r.sha256) for r in v] for k, v in output.solved.items()}),
        "prefix length": str(session.config.prefix_length),
    }
    if changes := live.read(session).digest("build", "host"):
        found["changes made to the environments"] = changes
    for needed in session.needed_outputs:
        sibling = look.session_of(needed)
        status = None if sibling is None else look.status(sibling)[Phase.PACKAGE]
        done = status is not None and status.state is State.DONE
        found[f"output {needed.name}"] = str(status.result["sha256"]) if status and done else "not made"
    found |= source.top_level_build(session, look)
    layout, kept = session.layout, session.kept
    found["session folder"] = str(layout.root)  # what is installed names it
    if not layout.host_prefix.is_dir() and not aside.is_aside(layout):
        found["host prefix"] = "gone"
    if not layout.build_prefix.is_dir() and trees.read_manifest(kept.build_env):
        found["build prefix"] = "gone"
    if not (kept.host.exists() and kept.build_env.exists() and kept.ready.exists()):
        found["what was installed"] = "not known"
    return found


def run(session: SessionFolder, work: Work) -> dict[str, Any]:
    layout, kept = session.layout, session.kept
    built = _build_siblings(session, work)
    packages = _packages(session, built, work)
    host, build = packages["host"], packages["build"]
    with Worker(session.environ) as worker:
        before = _make(session, layout.host_prefix, host, worker, work)
        beside = _make(session, layout.build_prefix, build, worker, work)
    layout.host_prefix.mkdir(parents=True, exist_ok=True)
    names = "".join(f"{path}\n" for path in sorted(trees.files(before)))
    layout.prefix_files.write_text(names, encoding="utf-8", errors="surrogateescape")
    trees.write_manifest(kept.host, before)
    trees.write_manifest(kept.build_env, beside)
    taken_over = _take_over(session)
    jsonfile.write(kept.taken_over, sorted(taken_over))
    trees.write_manifest(kept.ready, trees.scan(layout.host_prefix) if taken_over else before)
    scripts.write(session, work.sink)
    return {"build": [r.dist for r in build], "host": [r.dist for r in host], "taken_over": len(taken_over)}


def _build_siblings(session: SessionFolder, work: Work) -> dict[str, Path]:
    """Package the outputs of this recipe that this one needs; name -> the package."""
    built = {}
    for needed in session.needed_outputs:
        sibling = making.helper(session, needed)
        work.sink(Note(f"{session.output.name} needs {needed.name} of the same recipe", phase=Phase.ENV))
        work.run(sibling, Phase.PACKAGE)
        built[needed.name] = Path(sibling.ledger[Phase.PACKAGE].result["package"])
    return built


def _packages(session: SessionFolder, built: dict[str, Path], work: Work) -> dict[str, tuple[Resolved, ...]]:
    """What goes into "host" and "build", with the changes a person made; nothing into build where the two are one."""
    output = session.output
    solved = dict(output.solved)
    if not output.final:
        resolver = env.ChannelResolver(session.config, sink=work.sink, cancel=work.cancel, environ=session.environ)
        try:
            for name in ("build", "host"):
                solved[name] = solving.solve(output, name, session.rendering.outputs, resolver)
        finally:
            resolver.close()
    host, build = solved.get("host", ()), solved.get("build", ())
    if output.merges_build_and_host:
        host, build = _merged(host, build), ()
    found = {"host": host, "build": build}
    for name, packages in found.items():
        packages = live.applied(session, name, packages, sink=work.sink, cancel=work.cancel)
        found[name] = tuple(_real(r, built) for r in packages)
    return found


def _real(package: Resolved, built: dict[str, Path]) -> Resolved:
    """A package of the solution; where it stood for an output that is built by now, that very package."""
    path = built.get(package.name)
    if path is None:
        return package
    url, sha256 = path.as_uri(), digests.sha256_of(path)
    channel = path.parent.parent.as_uri()
    return replace(
        package, url=url, channel=channel, file_name=path.name, sha256=sha256, md5=None, size=path.stat().st_size
    )


def _merged(host: Sequence[Resolved], build: Sequence[Resolved]) -> tuple[Resolved, ...]:
    names = {r.name for r in host}
    return (*host, *(r for r in build if r.name not in names))


def _make(
    session: SessionFolder, prefix: Path, packages: Sequence[Resolved], worker: Worker, work: Work
) -> trees.Manifest:
    """Make a prefix hold `packages`; what is in it then."""
    if not packages:
        trees.remove(prefix)
        return {}
    manifest = session.kept.host if prefix == session.layout.host_prefix else session.kept.build_env
    before = trees.scan(prefix)
    if manifest.exists() and before != trees.read_manifest(manifest):
        trees.remove(prefix)  # a build has been at work in it: make it anew
        before = {}
    made = env.install(
        packages,
        prefix,
        config=session.config,
        sink=work.sink,
        cancel=work.cancel,
        environ=session.environ,
        worker=worker,
    )
    return trees.scan(prefix) if made or not manifest.exists() else before


def _take_over(session: SessionFolder) -> set[str]:
    """Copy what the top-level build put into its host prefix into this one (conda-build: new_prefix_files)."""
    top = session.base_output
    if top is None:
        return set()
    base = making.helper(session, top)
    paths = base.kept.made.files()
    base.kept.made.put_into(session.layout.host_prefix, paths)
    relocate.rewrite(session.layout.host_prefix, relocate.pairs(base.layout, session.layout), paths)
    return paths


def undo(session: SessionFolder, work: Work, first: Phase) -> None:
    for prefix in (session.layout.host_prefix, session.layout.build_prefix):
        trees.remove(prefix)
    kept = session.kept
    for file in (kept.host, kept.build_env, kept.taken_over, kept.ready, session.layout.prefix_files):
        file.unlink(missing_ok=True)
    if first is Phase.ENV and kept.work.exists:
        edits.put_by(kept, work.sink)
        source.restore(session)


def restore(session: SessionFolder, work: Work) -> None:
    """Both prefixes as they were when env ended: new files removed; one whose packages were changed is made again."""
    layout = session.layout
    for prefix, manifest in (
        (layout.host_prefix, session.kept.host),
        (layout.build_prefix, session.kept.build_env),
    ):
        before = trees.read_manifest(manifest)
        trees.delete_new(prefix, before)
        if trees.changed(prefix, before):
            run(session, work)
            return
    if _take_over(session):
        trees.write_manifest(session.kept.ready, trees.scan(layout.host_prefix))
