"""The files of a package as they are packed: paths, hashes, and bytes that do not depend on the session's folder."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cbw_core.archive.pack import Member
from cbw_core.errors import BuildError
from cbw_core.events import Progress, Sink
from cbw_core.layout import Layout
from cbw_core.package import record
from cbw_core.post import PostResult
from cbw_core.process import Cancel
from cbw_core.render.output import Output

_EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Item:
    """One file or link of a package.

    path: in the host prefix; target: in the package; source: the file that has its bytes (the one in the prefix, or a
    rewritten copy); swap: what is replaced in them as they are packed; link: where a link points. sha256 and size
    (bytes) are those of what is packed; for a link those of what it leads to. placeholder, kind: the prefix it holds
    and how ("text", "binary"); empty without one.
    """

    path: str
    target: str
    source: Path
    mode: int
    link: str | None = None
    placeholder: str = ""
    kind: str = ""
    no_link: bool = False
    swap: tuple[bytes, bytes] | None = None
    sha256: str = ""
    size: int = 0

    @property
    def member(self) -> Member:
        return Member(self.target, self.source, self.mode, self.link, self.swap)

    def row(self) -> dict[str, Any]:
        """Its entry in info/paths.json (conda_build.build.build_info_files_json_v1)."""
        row: dict[str, Any] = {
            "_path": self.target,
            "path_type": "hardlink" if self.link is None else "softlink",
            "sha256": self.sha256,
            "size_in_bytes": self.size,
        }
        if self.no_link:
            row["no_link"] = True
        if self.kind:
            row |= {"prefix_placeholder": self.placeholder, "file_mode": self.kind}
        return row


def placeholder(prefix: Path) -> str:
    """The text that stands for `prefix` in packages: as long, and the same for every session.

    The prefix itself would name the folder of the session, and so make every build another one.
    """
    length, start = len(os.fsencode(prefix)), "/placehold"  # bytes: a binary takes nothing longer or shorter
    if length < 2 * len(start):
        return str(prefix)
    return (start + "_placehold" * (length // 10 + 1))[:length]


def items(output: Output, layout: Layout, post: PostResult, staging: Path, *, sink: Sink, cancel: Cancel) -> list[Item]:
    """The package's files, sorted by their path in it. `staging`: an own, empty folder for rewritten copies.

    Raises BuildError(kind="package") for a file that is gone or is neither file nor link.
    """
    prefix = layout.host_prefix
    swap = os.fsencode(str(prefix)), os.fsencode(placeholder(prefix))
    plain = [_neutral(_item(prefix, path, post), prefix, swap) for path in post.files]
    found: dict[str, Item] = {}
    total = len(plain)
    # a RECORD tells of others, a link leads to them: both come after what they need
    for done, item in enumerate(sorted(plain, key=lambda i: (i.link is not None, record.is_record(i.path)))):
        cancel.check()
        sink(Progress("hashing", done, total, "files", item.path))
        if item.link is not None:
            found[item.path] = _led_to(item, prefix, found)
            continue
        packed = {p: (i.sha256, i.size) for p, i in found.items()} if record.is_record(item.path) else {}
        text = record.neutral(item.path, item.source, output, layout, packed)
        if text is not None:
            item = replace(item, source=_staged(staging / str(len(found)), text))
        found[item.path] = _hashed(item, cancel)
    sink(Progress("hashing", total, total, "files", finished=True))
    return sorted(found.values(), key=lambda item: item.target)


def _item(prefix: Path, path: str, post: PostResult) -> Item:
    file, target = prefix / path, post.target(path)
    try:
        mode = file.lstat().st_mode
        if stat.S_ISLNK(mode) and target.startswith("python-scripts/"):  # conda-build packs what the link leads to
            file, mode = file.resolve(strict=True), file.stat().st_mode
    except OSError as error:
        raise BuildError(
            f"{path} is gone from the host prefix",
            kind="package",
            why=error.strerror,
            hint="Run the post phase again; if the file is still missing then, the build phase.",
        ) from error
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise BuildError(f"{path} is neither a file nor a link", kind="package", hint="Remove it in the build script.")
    link = os.readlink(file) if stat.S_ISLNK(mode) else None  # noqa: PTH115 (the text of the link, as it is)
    text, kind = post.prefix_files.get(path, ("", ""))
    return Item(path, target, file, stat.S_IMODE(mode), link, text, kind, path in post.no_link)


def _neutral(item: Item, prefix: Path, swap: tuple[bytes, bytes]) -> Item:
    """An item that holds the prefix, to be packed with the placeholder in its stead."""
    if item.placeholder != str(prefix) or item.link is not None or swap[0] == swap[1]:
        return item
    return replace(item, swap=swap, placeholder=os.fsdecode(swap[1]))


def _staged(copy: Path, text: str) -> Path:
    copy.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
    return copy


def _hashed(item: Item, cancel: Cancel) -> Item:
    sha256, size = hashlib.sha256(), item.source.stat().st_size
    for chunk in item.member.chunks(size):
        cancel.check()
        sha256.update(chunk)
    return replace(item, sha256=sha256.hexdigest(), size=size)


def _led_to(item: Item, prefix: Path, found: Mapping[str, Item]) -> Item:
    """A link with hash and size of the file it leads to; those of nothing where it leads to a folder or nowhere."""
    real = os.path.realpath(prefix / item.path)
    inside = found.get(os.path.relpath(real, os.path.realpath(prefix)))
    if inside is not None:
        return replace(item, sha256=inside.sha256, size=inside.size)
    if not Path(real).is_file():
        return replace(item, sha256=_EMPTY, size=0)
    data = Path(real).read_bytes()
    return replace(item, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def info_items(info: Path, paths: Sequence[str]) -> list[Item]:
    """Files of info/ that count as files of the package (info/info_json.d)."""
    found = []
    for path in paths:
        data = (info / path.removeprefix("info/")).read_bytes()
        source = info / path.removeprefix("info/")
        found.append(Item(path, path, source, 0o644, sha256=hashlib.sha256(data).hexdigest(), size=len(data)))
    return found
