"""package: info/ and the archive, into the folder of packages, which is an indexed channel."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cbw_core import build, channel, package
from cbw_core.errors import BuildError, UsageError
from cbw_core.events import Note
from cbw_core.post import PostResult
from cbw_core.render.output import Output
from cbw_core.session.changes import edited_runs
from cbw_core.session.disk import digests, jsonfile
from cbw_core.session.folder import SessionFolder
from cbw_core.session.look import Look
from cbw_core.session.model import Phase
from cbw_core.session.phases.work import Work


def inputs(session: SessionFolder, look: Look) -> dict[str, str]:
    output = session.output
    found = {
        "name, version, build": output.dist,
        "run requirements": digests.of_data([output.requirements.run, output.requirements.run_constrained]),
        "run_exports": digests.of_data(output.run_exports),
        "package format": f"{session.config.package_format} {session.config.compression_level}",
        "package folder": str(session.config.packages),
    }
    section_fields = {k: output.section("build").get(k) for k in package.BUILD_FIELDS}
    found["build section (metadata)"] = digests.of_data(section_fields)
    found["recipe's texts"] = digests.of_data({str(f): digests.of_file(f) for f in _texts(output)})
    if "SOURCE_DATE_EPOCH" in session.environ:
        found["SOURCE_DATE_EPOCH"] = session.environ["SOURCE_DATE_EPOCH"]
    for section in ("about", "extra", "app"):
        found[f"{section} section"] = digests.of_data(output.section(section))
    state = _state(session.ledger[Phase.PACKAGE].result)
    return {**found, "the package": state} if state else found


def _state(result: Mapping[str, Any]) -> str:
    """What became of the package that a run made: "" while it is there as it was, else "gone" or "another": another
    session of the recipe may have put its own in that place."""
    made = result.get("package")
    if not made:
        return ""
    try:
        info = Path(made).stat()
    except OSError:
        return "gone"
    if (info.st_size, info.st_mtime_ns) == (result["size"], result["mtime_ns"]):
        return ""
    return "" if digests.sha256_of(Path(made)) == result["sha256"] else "another"


def _remove(result: Mapping[str, Any]) -> None:
    """Remove the package that a run made, unless it is another one by now."""
    if result.get("package") and not _state(result):
        Path(result["package"]).unlink()


def _texts(output: Output) -> list[Path]:
    """Files of the recipe's folder that about: names (license_file and its like)."""
    names = [n for value in output.section("about").values() for n in (value if isinstance(value, list) else [value])]
    folder = Path(output.recipe_dir)
    return [
        folder / n for n in names if isinstance(n, str) and len(n) < 200 and "\0" not in n and (folder / n).is_file()
    ]


def run(session: SessionFolder, work: Work) -> dict[str, Any]:
    if session.output.package_type == "wheel":
        return _wheel(session)
    folder = session.config.packages
    found = jsonfile.read(session.kept.post_result)
    if found is None:
        raise UsageError("there is nothing to package: what post found is gone", hint="`cbw run package` runs post.")
    result = PostResult.from_json(found)
    if edited_runs.ran_with_edits(session, Phase.BUILD):
        text = "the build that is packaged ran with edits on its way: `rerun build` gives a clean one"
        work.sink(Note(text, level="warning", phase=Phase.PACKAGE))
    made = package.create(
        session.output,
        session.layout,
        session.config,
        result,
        folder=folder,
        sink=work.sink,
        cancel=work.cancel,
        environ=session.environ,
    )
    old = session.ledger[Phase.PACKAGE].result
    if old.get("package") != str(made):  # another name by now: the earlier package would be taken for a build of this
        _remove(old)
    channel.index(folder)
    info = made.stat()
    sha256 = digests.sha256_of(made)
    return {"package": str(made), "sha256": sha256, "size": info.st_size, "mtime_ns": info.st_mtime_ns}


def _wheel(session: SessionFolder) -> dict[str, Any]:
    """The wheel that pip made, beside the packages of its platform (conda_build.build.bundle_wheel)."""
    found = sorted((session.layout.work / build.WHEELS).glob("*.whl"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found)
        raise BuildError(
            f"the build of {session.output.name} made {names or 'no wheel'}, where one wheel is expected",
            kind="package",
            hint="`cbw log build` shows what pip said.",
        )
    folder = session.config.packages / (session.output.subdir or session.output.host_subdir)
    folder.mkdir(parents=True, exist_ok=True)
    made, partial = folder / found[0].name, folder / f".{found[0].name}.partial"
    shutil.copyfile(found[0], partial)
    partial.replace(made)
    old = session.ledger[Phase.PACKAGE].result
    if old.get("package") != str(made):
        _remove(old)
    info = made.stat()
    return {
        "package": str(made),
        "sha256": digests.sha256_of(made),
        "size": info.st_size,
        "mtime_ns": info.st_mtime_ns,
    }


def undo(session: SessionFolder, work: Work, first: Phase) -> None:
    result = session.ledger[Phase.PACKAGE].result
    if result.get("package"):
        _remove(result)
        channel.index(session.config.packages)
