"""post: what the build made is made fit to move: rpaths, prefixes, entry points, the choice of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cbw_core import env, post
from cbw_core.render.output import Output
from cbw_core.session.disk import digests, jsonfile, trees
from cbw_core.session.folder import SessionFolder
from cbw_core.session.look import Look
from cbw_core.session.model import Phase
from cbw_core.session.phases.work import Work


def inputs(session: SessionFolder, look: Look) -> dict[str, str]:
    output = session.output
    section = output.section("build")
    found = {
        "build section (relocation)": digests.of_data({k: section.get(k) for k in post.BUILD_FIELDS}),
        "outputs/files": digests.of_data(output.files),
        "run requirements": digests.of_data(output.requirements.run),
        "link scripts": digests.of_data([digests.of_file(f) for f in _link_scripts(output)]),
    }
    return found if session.kept.post_result.exists() else {**found, "what post found": "gone"}


def _link_scripts(output: Output) -> list[Path]:
    folder = Path(output.recipe_dir)
    return [folder / f"{name}.sh" for name in ("pre-link", "post-link", "pre-unlink")]


def run(session: SessionFolder, work: Work) -> dict[str, Any]:
    layout, output = session.layout, session.output
    kept = session.kept
    if session.ledger[Phase.POST].touched:
        _restore(session)
    session.record(Phase.POST, touched=True)
    before = trees.files(trees.read_manifest(kept.host))
    new = kept.made.files()
    if output.script and not output.files:  # only what its own script made (bundle_conda: initial_files)
        new -= set(jsonfile.read(kept.taken_over) or ())
    owned = {path: dist for path, dist in env.installed_files(layout.host_prefix).items() if path in before}
    result = post.process(
        output, layout, session.config, new_files=sorted(new), owned=owned, sink=work.sink, cancel=work.cancel
    )
    jsonfile.write(kept.post_result, result.to_json())
    return {"files": len(result.files), "prefix_files": len(result.prefix_files)}


def undo(session: SessionFolder, work: Work, first: Phase) -> None:
    if session.ledger[Phase.POST].touched and first is Phase.POST:
        _restore(session)
    session.kept.post_result.unlink(missing_ok=True)


def _restore(session: SessionFolder) -> None:
    """The host prefix as the build left it: other new files away, changed ones back."""
    kept = session.kept
    trees.delete_new(session.layout.host_prefix, {**kept.made.signatures, **trees.read_manifest(kept.host)})
    kept.made.put_back()
