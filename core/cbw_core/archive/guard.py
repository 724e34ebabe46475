"""What an archive may hold: its members' names, and how much may come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cbw_core.errors import CbwError, Place, RecipeError


@dataclass(frozen=True)
class Limit:
    """How much may come out of one archive before it is taken for a bomb.

    total:   bytes in all.  members: files, folders and links.
    ratio:   bytes out for each byte of the archive, looked at once `floor` bytes came out (text of one letter packs
             well: small archives may have any ratio).
    header:  bytes of one header (a name, extended attributes) of a tar.
    """

    total: int = 256 << 30
    members: int = 10_000_000
    ratio: int = 400
    floor: int = 64 << 20
    header: int = 64 << 20


def shown(name: str) -> str:
    """A member's name as it may be printed: no control characters, no undecodable bytes, at most 200 characters."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    return text if len(text) <= 200 else text[:197] + "..."


def damaged(archive: Path, why: str, member: str | None = None) -> CbwError:
    """The archive cannot be read to its end, or is none."""
    at = f" at {shown(member)}" if member else ""
    return RecipeError(
        f"{archive.name} cannot be unpacked{at}",
        kind="archive",
        place=Place(str(archive)),
        why=why,
        hint="Fetch it again, and check its hash and size against those its makers give.",
    )


def refused(archive: Path, member: str, why: str) -> CbwError:
    """The archive holds something that must not be unpacked."""
    return RecipeError(
        f"{archive.name} was not unpacked: its member {shown(member)} {why}",
        kind="archive",
        place=Place(str(archive)),
        why="An archive may only write inside the folder it is unpacked to. Nothing of it was kept.",
        hint="Take the archive from another place, or have it made again without that member.",
    )


def bomb(archive: Path, why: str) -> CbwError:
    """More comes out of the archive than it may hold."""
    return RecipeError(
        f"{archive.name} was not unpacked: {why}",
        kind="archive",
        place=Place(str(archive)),
        why="An archive that grows this much is taken for a trap. Nothing of it was kept.",
        hint="If it is sound, pack it again with less compression or in parts.",
    )


def clean_name(archive: Path, name: str) -> tuple[str, ...]:
    """The parts of a member's path below the folder; () for the folder itself. Raises for a name that leads out."""
    if "\0" in name:
        raise refused(archive, name, "has a NUL character in its name")
    if name.startswith("/"):
        raise refused(archive, name, "has an absolute name")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise refused(archive, name, "has '..' in its name")
    return parts
