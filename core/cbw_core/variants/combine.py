"""Sources of variants put together to a matrix: later ones win, zipped keys go together (conda_build.variants).

A spec maps a key to a value or a list of values; a variant maps a key to one value. Where conda-build's order follows
from the hash seed, ours follows from the order of writing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from cbw_core.errors import RecipeError
from cbw_core.variants.defaults import EXTEND_KEYS

Spec = dict[str, Any]
Variant = dict[str, Any]

# conda-forge's configuration has 960, with that of its compilers 40,320
MAX_VARIANTS = 100_000
MAX_VALUES = 10_000


def as_list(value: Any, mappings: bool = True) -> list[Any]:
    """conda_build.utils.ensure_list: None is empty, a list or set its items, a mapping its keys, else one item."""
    kind = type(value)
    if kind is str:
        return [value]
    if kind is list:
        return list(value)
    if value is None:
        return []
    if isinstance(value, str) or (isinstance(value, dict) and not mappings):
        return [value]
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return list(value)
    return [value]


def trim_empty(spec: Spec) -> None:
    """Drop empty lists, texts, mappings and None, and an empty zip_keys, in place."""
    for key, value in list(spec.items()):
        if isinstance(value, dict):
            trim_empty(value)
        if value is None or value in ([], "", {}):
            del spec[key]
    if "zip_keys" in spec and not any(as_list(spec["zip_keys"])):
        del spec["zip_keys"]


def zip_groups(spec: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The groups of zip_keys. Raises ValueError when they are neither a list of names nor a list of such lists."""
    value = spec.get("zip_keys")
    if not value:
        return []
    if isinstance(value, (list, tuple)):
        if all(isinstance(v, str) for v in value):
            return [tuple(value)]
        if all(isinstance(v, (list, tuple)) and all(isinstance(k, str) for k in v) for v in value):
            return list(dict.fromkeys(tuple(v) for v in value))
    raise ValueError("zip_keys must be a list of names or a list of lists of names")


def problems(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with one source, as (key, message) (validate_spec)."""
    found = [
        (k, f"key {k!r} holds a '-', which is not allowed; write {k.replace('-', '_')!r}") for k in spec if "-" in k
    ]
    found += [
        (k, f"key {k!r} has {len(v):,} values; {MAX_VALUES:,} are allowed")
        for k, v in spec.items()
        if isinstance(v, (list, dict)) and len(v) > MAX_VALUES
    ]
    found += _wrong_kinds(spec)
    if found:
        return found
    try:
        groups = zip_groups(spec)
    except ValueError as error:
        return [*found, ("zip_keys", str(error))]
    seen: set[str] = set()
    for group in groups:
        found += [("zip_keys", f"zip_keys names {k!r}, which has no value here") for k in group if k not in spec]
        for key in group:
            if key in seen:
                found.append(("zip_keys", f"zip_keys names {key!r} in two groups"))
            seen.add(key)
        lengths = {k: len(as_list(spec[k])) for k in group if k in spec}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{k} has {n}" for k, n in lengths.items())
            found.append((next(iter(lengths)), f"zipped keys need the same number of values: {listed}"))
    return found


# keys that rendering itself reads as one text for each variant
_TEXTS = frozenset(["python", "numpy", "perl", "lua", "r_base", "target_platform", "cdt_name", "cdt_arch"])
_LISTS = frozenset(["ignore_version", "ignore_build_only_deps", "extend_keys"])


def _wrong_kinds(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keys with values of a kind that no variant can have."""
    found: list[tuple[str, str]] = []
    for key, value in spec.items():
        items = as_list(value, mappings=False)
        if key == "pin_run_as_build":
            found += [(key, f"{key} must be a mapping of package names to pins")] * (not isinstance(value, dict))
            for name, pins in value.items() if isinstance(value, dict) else ():
                texts = pins.values() if isinstance(pins, dict) else [pins]
                if not all(isinstance(text, str) for text in texts):
                    found.append((key, f"{key}: {name} needs min_pin and max_pin, such as x.x"))
        elif key in _LISTS:
            found += [(key, f"{key} must be a list of names")] * (not all(isinstance(i, str) for i in items))
        elif key in _TEXTS:
            found += [(key, f"{key} must be a text, or a list of texts")] * (not all(isinstance(i, str) for i in items))
    return found


def combine(sources: Mapping[str, Spec]) -> Spec:
    """All sources as one spec, later ones winning (combine_specs). Raises RecipeError(kind="variant")."""
    extend = {*EXTEND_KEYS}
    for spec in sources.values():
        extend.update(as_list(spec.get("extend_keys")))
    groups: list[tuple[str, ...]] = []
    for spec in sources.values():
        groups += [g for g in zip_groups(spec) if g not in groups]
    values: Spec = {}
    for name, spec in sources.items():
        for key, value in spec.items():
            if key in extend:
                _extend(values, key, value)
            elif key == "zip_keys":
                values[key] = [list(g) for g in groups]
            elif isinstance(value, dict):
                values[key] = dict(value)
            else:
                _replace(values, key, value, spec, name, groups)
    return values


def _written(count: int) -> str:
    """A number, those without end by their size."""
    return f"{count:,}" if count < 10**12 else f"more than 10^{int(math.log10(count))}"


def _distinct(items: Sequence[Any]) -> list[Any]:
    try:
        return list(dict.fromkeys(items))
    except TypeError:  # lists among them
        return [item for n, item in enumerate(items) if item not in items[:n]]


def _extend(values: Spec, key: str, value: Any) -> None:
    if isinstance(value, dict):
        old = values.get(key)
        values[key] = {**old, **value} if isinstance(old, dict) else dict(value)
    else:
        values[key] = _distinct([*as_list(values.get(key)), *as_list(value)])


def _replace(values: Spec, key: str, value: Any, spec: Spec, source: str, groups: Sequence[tuple[str, ...]]) -> None:
    group = next((g for g in groups if key in g), None)
    if group is None:
        values[key] = as_list(value)
        return
    length = len(as_list(value))
    if all(item in spec for item in group):
        for item in group:
            if len(as_list(spec[item])) != length:
                raise _error(
                    f"zipped keys need the same number of values: {key} has {length}, "
                    f"{item} has {len(as_list(spec[item]))} in {source}",
                    "Give each key of the group as many values.",
                )
            values[item] = as_list(spec[item])
    elif key in values:
        # to replace part of a group, its length must fit the group's other members
        fits = all(len(as_list(spec[i])) == length for i in group if i in spec) and all(
            len(as_list(values[i])) == length for i in group if i in values
        )
        if fits:
            values[key] = list(value) if isinstance(value, (list, tuple)) else value
        held = values[key]
        texts = held if isinstance(held, str) else {v for v in held if isinstance(v, str)}
        missing = [v for v in as_list(value) if v not in (texts if isinstance(v, str) else held)]
        if missing:
            absent = [item for item in group if item not in spec]
            raise _error(
                f"{source} gives {key} = {', '.join(map(str, as_list(value)))}, but not the keys zipped with it: "
                f"{', '.join(absent)}",
                "Give all keys of the group there, or values of it that the group already has.",
            )


def _error(message: str, hint: str) -> RecipeError:
    return RecipeError(message, kind="variant", hint=hint)


def explode(spec: Spec) -> list[Variant]:
    """Every combination of a spec's values, zipped keys together (explode_variants).

    Variants share the values that do not differ; nobody changes them.
    """
    return _product(*_axes(spec))


# keys that go together, and their values row by row
_Axis = tuple[tuple[str, ...], list[Sequence[Any]]]


def _axes(spec: Spec) -> tuple[Variant, list[_Axis]]:
    """(what is the same in all variants of a spec, what differs)."""
    groups = zip_groups(spec)
    zipped = {k for g in groups for k in g}
    kept = ({"zip_keys", "extend_keys", "replacements", *EXTEND_KEYS} | set(as_list(spec.get("extend_keys")))) - zipped
    fixed = {k: v for k, v in spec.items() if k in kept and (v or v == "")}
    looped: list[_Axis] = []
    for key, value in spec.items():
        if key in kept or key in zipped:
            continue
        only = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(only, str):
            fixed[key] = only
            continue
        rows: list[Sequence[Any]] = [as_list(v, mappings=False) for v in as_list(value)]
        _add_axis((key,), rows, fixed, looped)
    for group in groups:
        columns = [as_list(spec.get(k)) for k in group]
        _add_axis(group, list(zip(*columns, strict=False)), fixed, looped)
    return fixed, looped


def _add_axis(keys: tuple[str, ...], rows: list[Sequence[Any]], fixed: Variant, looped: list[_Axis]) -> None:
    if len(rows) == 1:
        fixed.update(zip(keys, rows[0], strict=False))
    elif rows:
        looped.append((keys, rows))


def _product(fixed: Variant, looped: Sequence[_Axis]) -> list[Variant]:
    count = math.prod(len(rows) for _, rows in looped)
    if count > MAX_VARIANTS:
        listed = sorted(((len(rows), ", ".join(keys)) for keys, rows in looped), reverse=True)
        raise RecipeError(
            f"the configuration makes {_written(count)} variants; {MAX_VARIANTS:,} are allowed",
            kind="variant",
            why="every value of a key is combined with every value of the others: "
            + " x ".join(f"{rows} of {keys}" for rows, keys in listed[:8]),
            hint="Zip keys that belong together (zip_keys), or narrow some to one value, for example with --variants.",
        )
    axes = [[dict(zip(keys, row, strict=False)) for row in rows] for keys, rows in looped]
    variants: list[Variant] = []
    for chosen in itertools.product(*axes):
        variant = fixed.copy()
        for values in chosen:
            variant.update(values)
        variants.append(variant)
    return variants


def filtered(variants: Sequence[Variant], key: str, values: Any) -> list[Variant]:
    """The variants whose `key` is (in) `values` (filter_by_key_value)."""
    if isinstance(values, dict):
        return list(variants)
    of = [v.get(key) for v in variants]
    allowed = {value: _allows(values, value) for value in {value for value in of if type(value) is str}}
    return [
        v
        for v, value in zip(variants, of, strict=True)
        if (allowed[value] if type(value) is str else _allows(values, value))
    ]


def matrix(combined: Spec, sources: Sequence[Spec]) -> tuple[list[Variant], frozenset[str]]:
    """The variants of a combined spec that every source allows, later sources first; a source that allows none is
    ignored (filter_combined_spec_to_used_keys). `sources` without the defaults. And the keys that may differ."""
    extend = {"zip_keys", "extend_keys", *EXTEND_KEYS, *as_list(combined.get("extend_keys"))}
    fixed, looped = _axes(combined)
    axes = dict(looped)
    seen: set[str] = set()
    for spec in reversed(sources):
        for key, values in spec.items():
            if key in extend or key in seen:
                continue
            seen.add(key)
            # a key that is the same in all variants leaves them all, or none, which counts as all
            for keys in [keys for keys in axes if key in keys]:
                place = keys.index(key)
                rows = [row for row in axes[keys] if len(row) > place and _allows(values, row[place])]
                axes[keys] = rows or axes[keys]
    return _product(fixed, list(axes.items())), frozenset(key for keys in axes for key in keys)


def _allows(values: Any, value: Any) -> bool:
    # `in` is a substring test where values is a text, as it is in conda-build
    return isinstance(values, dict) or (value is not None and value in values)
