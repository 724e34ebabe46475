"""The channel that conda-build finalized the golden recipes with."""

from __future__ import annotations

import json
from pathlib import Path

from cbw_core.channel import index
from support.packages import make_package

DATA = Path(__file__).resolve().parent.parent / "compat" / "data"


def make(folder: Path) -> str:
    """Write its packages (they have no files) into `folder` and index them; its URL."""
    for row in json.loads((DATA / "channel.json").read_text()):
        more = {k: v for k, v in row.items() if k in ("build_number", "constrains")}
        make_package(
            folder,
            row["name"],
            row["version"],
            row["build"],
            depends=row.get("depends", ()),
            subdir=row["subdir"],
            noarch=row.get("noarch", ""),
            run_exports=row.get("run_exports"),
            index=more,
            tar_bz2=True,
        )
    index(folder)
    return folder.as_uri()
