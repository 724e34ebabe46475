"""Explicit files: an environment as the addresses and digests of its packages, as `conda list --explicit` writes it.

`conda create --file FILE` makes the environment again, and so does `read_lock` here: no solving, no choice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cbw_core.channel import Worker
from cbw_core.config import Config
from cbw_core.env.channels import bare_url, channels_of
from cbw_core.env.network import access
from cbw_core.errors import EnvironmentFailure, Place, UsageError, from_os_error
from cbw_core.process import Cancel
from cbw_core.render.output import Resolved

MARK = "@EXPLICIT"
# conda.misc.url_pat
_LINE = re.compile(
    r"(?P<url>[a-z]+://\S+?/(?P<file>[^/\\#\s]+(?:\.conda|\.tar\.bz2)))"
    r"(?:#(?:(?P<md5>[0-9a-f]{32})|(?:sha256:)?(?P<sha256>[0-9a-f]{64})))?"
)


@dataclass(frozen=True)
class Locked:
    """A line of an explicit file."""

    url: str
    file_name: str
    md5: str | None = None
    sha256: str | None = None


def explicit_text(packages: Sequence[Resolved], *, title: str, platform: str) -> str:
    """The text of an explicit file. Raises UsageError for a package that is in no channel (an output not built yet)."""
    lines = [
        f"# {title}",
        "# conda create --name NAME --file FILE   or   cbw env use FILE",
        f"# platform: {platform}",
        MARK,
    ]
    for package in packages:
        if not package.url:
            raise UsageError(
                f"{package.dist} cannot be locked: it is an output of this recipe that is not built yet",
                kind="lock",
                hint="`cbw run env` builds it.",
            )
        digest = package.sha256 or package.md5
        lines.append(bare_url(package.url) + (f"#{digest}" if digest else ""))
    return "\n".join([*lines, ""])


def parse_explicit(text: str, file: str) -> tuple[Locked, ...]:
    """The lines of an explicit file. Raises UsageError(kind="lock") with the line that is none."""
    found: list[Locked] = []
    marked = False
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line == MARK:
            marked = True
            continue
        row = _LINE.fullmatch(line)
        if row is None:
            raise UsageError(
                "this line of the file is no address of a package",
                kind="lock",
                place=Place(file, number, text=line),
                hint="An explicit file has a URL a line, with #DIGEST behind it: `cbw inspect env host --lock FILE`.",
            )
        found.append(Locked(row["url"], row["file"], row["md5"], row["sha256"]))
    if not marked:
        raise UsageError(
            f"{Path(file).name} is not an explicit file: it has no line {MARK}",
            kind="lock",
            place=Place(file),
            hint="`cbw inspect env host --lock FILE` and `conda list --explicit` write such files.",
        )
    return tuple(found)


def read_lock(
    file: Path, *, config: Config, environ: Mapping[str, str] | None = None, cancel: Cancel | None = None
) -> tuple[Resolved, ...]:
    """The packages of an explicit file, each with what it says of itself, sorted by name.

    Raises UsageError(kind="lock") for what is no such file; EnvironmentFailure for a package that cannot be read.
    """
    environ = os.environ if environ is None else environ
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError):
            raise from_os_error(error, f"reading {file.name}") from None
        raise UsageError(f"{file.name} is not text", kind="lock", place=Place(str(file))) from None
    locked = parse_explicit(text, str(file))
    remote = any(not row.url.startswith("file:") for row in locked)
    payload = {
        "packages": [{"url": row.url, "file": row.file_name} for row in locked],
        "extracted": [str(config.cache / "pkgs" / _stem(row.file_name)) for row in locked],
        "offline": config.offline,
        "access": access(channels_of(config, environ), environ) if remote else {},
    }
    with Worker(environ) as worker:
        rows = worker.call("cbw_core.env.explicit_job:read", payload, cancel=cancel)
    packages = [_resolved(row, data) for row, data in zip(locked, rows, strict=True)]
    names = [package.name for package in packages]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(f"{file.name} has {twice} more than once", kind="lock", place=Place(str(file)))
    return tuple(sorted(packages, key=lambda package: package.name))


def _stem(file_name: str) -> str:
    return file_name.removesuffix(".conda").removesuffix(".tar.bz2")


def _resolved(row: Locked, data: Mapping[str, object]) -> Resolved:
    def text(key: str) -> str:
        return str(data.get(key) or "")

    def texts(key: str) -> tuple[str, ...]:
        found = data.get(key) or ()
        return tuple(str(item) for item in found) if isinstance(found, (list, tuple)) else ()

    parts = urlsplit(row.url)
    folder = parts.path.rpartition("/")[0]
    subdir = text("subdir") or folder.rpartition("/")[2]
    number, timestamp = data.get("build_number"), data.get("timestamp")
    noarch = data.get("noarch")
    if not (text("name") and text("version")):
        raise EnvironmentFailure(f"{row.file_name} does not say its name and version", kind="package")
    return Resolved(
        name=text("name"),
        version=text("version"),
        build=text("build"),
        build_number=number if isinstance(number, int) else 0,
        subdir=subdir,
        channel=row.url.rpartition("/")[0].rpartition("/")[0],
        url=row.url,
        file_name=row.file_name,
        sha256=row.sha256,
        md5=row.md5,
        timestamp=timestamp if isinstance(timestamp, int) else None,
        noarch="generic" if noarch is True else str(noarch or ""),
        depends=texts("depends"),
        constrains=texts("constrains"),
        python_site_packages_path=text("python_site_packages_path") or None,
    )
