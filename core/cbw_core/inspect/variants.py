"""The matrix of a recipe: which keys are used, which are not and why, and what each row builds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cbw_core.inspect.model import Key, Row, VariantMatrix
from cbw_core.render import Output, Rendered, Skipped, Unused
from cbw_core.variants import Origins, Variant, as_list

Axes = tuple[tuple[tuple[str, ...], int], ...]

_SETTINGS = ("pin_run_as_build", "zip_keys", "extend_keys", "ignore_version", "ignore_build_only_deps", "replacements")


def matrix_of(rendered: Rendered, origins: Origins) -> VariantMatrix:
    """Of a recipe rendered with trails."""
    assert rendered.matrix is not None
    variants = rendered.matrix.variants
    settings = {*_SETTINGS, *as_list(origins.combined.get("extend_keys"))}
    names = [k for k in origins.combined if k not in settings or any(k in g for g in origins.zipped)]
    looping = [k for k in names if len({str(v.get(k)) for v in variants}) > 1]
    keys = tuple(_key(name, rendered, origins) for name in names)
    rows = _rows(variants, looping, rendered)
    axes = _axes(looping, origins, variants)
    return VariantMatrix(
        recipe=rendered.recipe_file,
        axes=axes,
        keys=keys,
        rows=rows,
        outputs=tuple(o.dist for o in rendered.outputs),
        remarks=tuple(_remarks(rows, keys, rendered.outputs, origins)),
        final=any(o.final for o in rendered.outputs),
    )


def _key(name: str, rendered: Rendered, origins: Origins) -> Key:
    users = dict.fromkeys(o.name for o in rendered.outputs if name in o.used_vars)
    for skipped in rendered.skipped:
        if name in skipped.variant:
            users.setdefault(skipped.name)
    chosen = origins.chosen(name)
    return Key(
        name=name,
        values=tuple(as_list(origins.combined.get(name), mappings=False)),
        used_by=tuple(users),
        unused=None if users else _why(name, rendered),
        by=chosen.by if chosen else None,
        narrowed=chosen.narrowed if chosen else (),
        zipped=chosen.zipped if chosen else (),
    )


def _why(name: str, rendered: Rendered) -> Unused | None:
    """Why no output uses a key: the reason that comes nearest to a use."""
    found = [u for trail in rendered.trails for u in trail.unused if u.name == name]
    return min(found, key=lambda u: u.why in ("not named", "other output"), default=None)


def _axes(looping: Sequence[str], origins: Origins, variants: Sequence[Variant]) -> Axes:
    groups: dict[tuple[str, ...], None] = {}
    for key in looping:
        group = next((g for g in origins.zipped if key in g), (key,))
        groups.setdefault(tuple(k for k in group if k in looping))
    return tuple((group, _size(group, origins, variants)) for group in groups)


def _size(group: tuple[str, ...], origins: Origins, variants: Sequence[Variant]) -> int:
    """How many rows a group of keys has: of those it was given (one may be given twice), those that are left."""
    left = {tuple(str(v.get(k)) for k in group) for v in variants}
    columns = [as_list(origins.combined.get(k)) for k in group]
    return sum(tuple(map(str, row)) in left for row in zip(*columns, strict=False))


def _rows(variants: Sequence[Variant], looping: Sequence[str], rendered: Rendered) -> tuple[Row, ...]:
    first: dict[tuple[int, ...], int] = {}
    rows: list[Row] = []
    for number, variant in enumerate(variants, 1):
        built = _built(variant, looping, rendered.outputs)
        skipped = tuple(dict.fromkeys(_told(s) for s in rendered.skipped if _fits(variant, s.variant, list(s.variant))))
        # outputs of the same name are still two builds
        like = first.setdefault(tuple(map(id, built)), number) if built else number
        rows.append(
            Row(
                number=number,
                values={k: variant.get(k) for k in looping},
                builds=tuple(o.dist for o in built),
                skipped=skipped,
                like=like if like != number else None,
                nothing="" if built or skipped else _why_nothing(variant, rendered.outputs),
            )
        )
    return tuple(rows)


def _built(variant: Variant, looping: Sequence[str], outputs: Sequence[Output]) -> list[Output]:
    """The outputs a variant builds: those whose used variables have its values. Of several of one name, the top level
    chose between by variables that the outputs do not use themselves."""
    fitting = [o for o in outputs if _fits(variant, o.variant, o.used_vars)]
    found: list[Output] = []
    for output in fitting:
        same = [o for o in fitting if o.name == output.name]
        keys = [k for k in looping if any(o.variant.get(k) != output.variant.get(k) for o in same)]
        if _fits(variant, output.variant, keys) or not any(_fits(variant, o.variant, keys) for o in same):
            found.append(output)
    return found


def _fits(variant: Mapping[str, Any], other: Mapping[str, Any], keys: Sequence[str]) -> bool:
    return all(variant.get(k) == other.get(k) for k in keys)


def _told(skipped: Skipped) -> str:
    return f"{skipped.name}: {skipped.why}"


def _why_nothing(variant: Variant, outputs: Sequence[Output]) -> str:
    for output in outputs:
        others = [k for k in output.used_vars if variant.get(k) != output.variant.get(k)]
        if output.noarch and others == ["python"]:
            return f"{output.name} is noarch: conda-build takes only the variants of the newest python"
    return "no output is built for these values"


def _remarks(rows: Sequence[Row], keys: Sequence[Key], outputs: Sequence[Output], origins: Origins) -> list[str]:
    """What a person should know before reading the table."""
    return [*_lost(origins), *_same_name(outputs), *_collapsed(rows), *_nothing(rows), *_narrowed(rows, keys)]


def _lost(origins: Origins) -> list[str]:
    return [
        f"{place}: the list in `{place.text}` is lost: conda-build takes it for a selector; "
        "write it out, an item a line"
        for place in origins.lost()
    ]


def _same_name(outputs: Sequence[Output]) -> list[str]:
    found = []
    dists = [(o.dist, o.subdir) for o in outputs]
    for dist, subdir in dict.fromkeys(dists):
        same = [o for o in outputs if (o.dist, o.subdir) == (dist, subdir)]
        if len(same) > 1:
            keys = [k for k in same[0].used_vars if any(o.variant.get(k) != same[0].variant.get(k) for o in same)]
            differing = f" (they differ in {', '.join(keys)})" if keys else ""
            found.append(f"{len(same)} builds have the same name, {dist}{differing}: each overwrites the one before")
    return found


def _collapsed(rows: Sequence[Row]) -> list[str]:
    """Variants that are no builds of their own, and the keys that make them so."""
    again = [row for row in rows if row.like is not None]
    if not again:
        return []
    by_number = {row.number: row for row in rows}
    pairs = [(row, by_number[row.like or 0]) for row in again]
    names = dict.fromkeys(k for row, first in pairs for k, v in row.values.items() if first.values[k] != v)
    text = f"{len(again)} of {len(rows)} variants build what an earlier one builds"
    if not names:
        return [f"{text}: their values are the same"]
    return [f"{text}: they differ in {', '.join(names)} only, which changes no output"]


def _nothing(rows: Sequence[Row]) -> list[str]:
    empty = [row for row in rows if row.nothing]
    return [f"{len(empty)} of {len(rows)} variants build nothing: {empty[0].nothing}"] if empty else []


def _narrowed(rows: Sequence[Row], keys: Sequence[Key]) -> list[str]:
    """One key given elsewhere decides on the keys that are zipped with it, too."""
    found: list[str] = []
    for key in keys:
        kept = {str(row.values[key.name]) for row in rows if key.name in row.values}
        left = max(len(kept), 1)
        if not key.zipped or left >= len(key.values):
            continue
        also = f"{', '.join(key.zipped)}, which {'is' if len(key.zipped) == 1 else 'are'} zipped with it"
        for given in key.narrowed:
            by = given.label or given.place or given.kind
            found.append(f"{by} keeps {left} of {len(key.values)} values of {key.name}, and with it of {also}")
    return found
