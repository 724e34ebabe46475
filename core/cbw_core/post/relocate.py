"""Programs and libraries made to find their libraries wherever the package is installed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cbw_core.errors import BuildError, RecipeError
from cbw_core.events import Progress, Sink, Verdict
from cbw_core.layout import Layout
from cbw_core.post import elf, globs
from cbw_core.post.recipe import as_list, build_field, place_of
from cbw_core.process import Cancel
from cbw_core.render.output import Output


def relocate(output: Output, layout: Layout, files: Sequence[str], *, sink: Sink, cancel: Cancel) -> list[str]:
    """Give every dynamic ELF file among `files` an rpath of $ORIGIN paths only, in place; those changed are returned.

    Rules of conda_build.post.mk_relative_linux: `$ORIGIN` entries stay, absolute ones into the host prefix become
    `$ORIGIN/..`, all others go (a Verdict "rpath-outside" or "rpath-leak" says so), then `build/rpaths` (default lib)
    is added. `build/binary_relocation`: true, false, or the files to relocate.
    """
    chosen = _chosen(output, layout.host_prefix, files)
    rpaths = [str(rpath) for rpath in as_list(build_field(output, "rpaths", ["lib"]))]
    patcher = build_field(output, "rpaths_patcher")
    if patcher is not None and str(patcher).lower() not in ("patchelf", "lief"):
        raise RecipeError(
            f"build/rpaths_patcher: {patcher} is not known",
            kind="post",
            place=place_of(output, "rpaths_patcher", str(patcher)),
            hint="It is patchelf or lief.",
        )
    changed = []
    for done, path in enumerate(chosen):
        cancel.check()
        sink(Progress("relocating", done, len(chosen), "files", path))
        file = layout.host_prefix / path
        if path.endswith(".debug") or not elf.is_elf(file) or (dynamic := elf.read(file)) is None:
            continue
        new = relative_rpath(path, dynamic.rpath, rpaths, layout, sink)
        if new == list(dynamic.rpath) and not dynamic.has_runpath:
            continue
        elf.set_rpath(file, ":".join(new), patcher=patcher)
        after = elf.read(file)
        if after is None or list(after.rpath) != new:
            raise BuildError(
                f"setting the rpath of {path} did not work",
                kind="relocation",
                why=f"wanted {':'.join(new)!r}, found {':'.join(after.rpath) if after else None!r}",
                hint="Try the other one in `build/rpaths_patcher`: lief or patchelf.",
            )
        changed.append(path)
    if chosen:
        sink(Progress("relocating", len(chosen), len(chosen), "files", finished=True))
    return changed


def _chosen(output: Output, prefix: Path, files: Sequence[str]) -> list[str]:
    wanted = build_field(output, "binary_relocation", True)
    if isinstance(wanted, bool):
        return list(files) if wanted else []
    if not isinstance(wanted, (list, tuple)):
        raise RecipeError(
            f"build/binary_relocation: {wanted!r} is neither true, false nor a list of files",
            kind="post",
            place=place_of(output, "binary_relocation"),
        )
    named = {path for pattern in wanted for path in globs.expand(str(pattern), prefix)}
    return [path for path in files if path in named]


def relative_rpath(path: str, old: Sequence[str], wanted: Sequence[str], layout: Layout, sink: Sink) -> list[str]:
    """The new rpath entries of the file at `path` (relative to the host prefix), from its `old` and `build/rpaths`."""
    folder = os.path.dirname(path)  # noqa: PTH120
    new: list[str] = []
    for entry in old:
        kept = _kept(path, folder, entry, layout, sink)
        if kept is not None and kept not in new:
            new.append(kept)
    for entry in wanted:
        if not entry:
            continue
        made = entry if entry.startswith("/") else _origin(entry, folder)
        if made not in new:
            new.append(made)
    return new


def _kept(path: str, folder: str, entry: str, layout: Layout, sink: Sink) -> str | None:
    entry = entry.replace("${ORIGIN}", "$ORIGIN")
    if entry.startswith("$ORIGIN"):
        return entry
    if not entry.startswith("/"):
        sink(Verdict("rpath-outside", path, f"rpath {entry} is relative to nothing: removed"))
        return None
    inside = os.path.relpath(entry, layout.host_prefix)
    if inside == ".." or inside.startswith("../"):
        real = os.path.relpath(os.path.realpath(entry), os.path.realpath(layout.host_prefix))
        if real == ".." or real.startswith("../"):
            sink(_outside(path, entry, layout))
            return None
        inside = real
    return _origin(inside, folder)


def _origin(target: str, folder: str) -> str:
    return "$ORIGIN/" + os.path.normpath(os.path.relpath(target, folder or "."))


def _outside(path: str, entry: str, layout: Layout) -> Verdict:
    for name, where in (("build prefix", layout.build_prefix), ("work folder", layout.work)):
        if entry == str(where) or entry.startswith(f"{where}/"):
            return Verdict("rpath-leak", path, f"rpath {entry} is in the {name}: removed")
    return Verdict("rpath-outside", path, f"rpath {entry} is outside of the host prefix: removed")
