"""Where a patch belongs: the source it is for, the recipe's patch of a name, its file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cbw_core.errors import UsageError
from cbw_core.session.changes.patch_changes import listed
from cbw_core.session.folder import SessionFolder
from cbw_core.source.entries import SourceEntry


def entry_of(entries: Sequence[SourceEntry], paths: Sequence[str]) -> SourceEntry:
    """The source entry whose folder all changes lie in: the last one put there, so that its patches see everything."""
    by_entry: dict[int, list[str]] = {}
    for path in paths:
        holding = [e for e in entries if not e.folder or path == e.folder or path.startswith(f"{e.folder}/")]
        if not holding:
            raise UsageError(f"{path} belongs to no source of the recipe", kind="patch", hint="Name the files to take.")
        best = max(holding, key=lambda e: (len(e.folder), e.index))
        by_entry.setdefault(best.index, []).append(path)
    if len(by_entry) > 1:
        raise UsageError(
            "the changes lie in more than one source",
            kind="patch",
            why="; ".join(f"{entries[n].folder or 'work/'}: {listed(some)}" for n, some in by_entry.items()),
            hint="Make a patch for each: name its files, or its folder, behind the patch's name.",
        )
    return entries[next(iter(by_entry))]


def refuse_derived(session: SessionFolder) -> None:
    """UsageError for a session whose work folder patches of the recipe do not make."""
    if session.is_package or session.base_output is not None:
        raise UsageError(
            f"the work folder of {session.output.name} is not made from sources itself",
            kind="patch",
            why="It is a package." if session.is_package else "It is a copy of what the recipe's top level built.",
            hint=None if session.is_package else "Work in the top level's session: cbw debug -o TOPLEVEL RECIPE.",
        )


def refuse_linked(entry: SourceEntry) -> None:
    """RecipeError for a source that is a link: patches would change what it points at."""
    if "path_via_symlink" in entry.data:
        raise entry.error("a source with path_via_symlink takes no patches", "path_via_symlink", kind="patch")


def named(entries: Sequence[SourceEntry], name: str) -> tuple[SourceEntry, int]:
    """The recipe's patch of a name, with or without its suffix: its source, and which of its patches (from 0).
    UsageError where there is none, or more than one."""
    known = [(entry, n) for entry in entries for n in range(len(entry.patches))]
    found = [(e, n) for e, n in known if e.patches[n] == name]
    found = found or [(e, n) for e, n in known if Path(e.patches[n]).name in (name, f"{name}.patch", f"{name}.diff")]
    if len(found) != 1:
        names = ", ".join(entry.patches[n] for entry, n in known) or "none"
        raise UsageError(
            f"{'more than one source has' if found else 'the recipe has no'} patch {name}",
            kind="patch",
            why=f"Its patches are: {names}.",
            hint=None if found else f"`cbw patch new {name}` makes one.",
        )
    return found[0]


def target(recipe_dir: Path, name: str) -> Path:
    """The file of a new patch, in the recipe's folder. UsageError for one outside."""
    root = recipe_dir.resolve()
    file = (root / (name if name.endswith((".patch", ".diff")) else f"{name}.patch")).resolve()
    if not file.is_relative_to(root) or file == root:
        raise UsageError(f"{name} lies outside the recipe's folder", kind="patch", why=f"Patches belong in {root}.")
    return file
