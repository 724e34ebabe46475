"""package: info/ and the archive, into the folder of packages, which is an indexed channel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core import channel, package
from cbw_core.post import PostResult
from cbw_core.session import digests
from cbw_core.session.model import Phase

if TYPE_CHECKING:
    from cbw_core.events import Sink
    from cbw_core.process import Cancel
    from cbw_core.render.output import Output
    from cbw_core.session.session import Session


def inputs(session: Session) -> dict[str, str]:
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
    built = session.ledger[Phase.PACKAGE].result.get("package")
    if built and not Path(built).exists():
        found["the package"] = "gone"
    return found


def _texts(output: Output) -> list[Path]:
    """Files of the recipe's folder that about: names (license_file and its like)."""
    names = [n for value in output.section("about").values() for n in (value if isinstance(value, list) else [value])]
    folder = Path(output.recipe_dir)
    return [
        folder / n for n in names if isinstance(n, str) and len(n) < 200 and "\0" not in n and (folder / n).is_file()
    ]


def run(session: Session, sink: Sink, cancel: Cancel) -> dict[str, Any]:
    folder = session.config.packages
    result = PostResult.from_json(json.loads(session.post_result.read_text()))
    made = package.create(
        session.output,
        session.layout,
        session.config,
        result,
        folder=folder,
        sink=sink,
        cancel=cancel,
        environ=session.environ,
    )
    old = session.ledger[Phase.PACKAGE].result.get("package")
    if old and old != str(made):  # another name by now: the earlier package would be taken for a build of this recipe
        Path(old).unlink(missing_ok=True)
    channel.index(folder)
    return {"package": str(made), "sha256": digests.sha256_of(made), "size": made.stat().st_size}


def undo(session: Session, sink: Sink, first: Phase) -> None:
    built = session.ledger[Phase.PACKAGE].result.get("package")
    if built and Path(built).exists():
        Path(built).unlink()
        channel.index(session.config.packages)
