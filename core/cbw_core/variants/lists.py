"""Many variants at once: which values each key has among them, found out once for each list."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from typing import Any, overload

from cbw_core.variants.combine import Spec, Variant, as_list, filtered, zip_groups


class Variants(Sequence[Variant]):
    """An unchanging list of variants with the same keys. A list filtered from another knows that what is the same in
    all of those is the same in these. looped: the only keys they may differ in, where that is known."""

    def __init__(
        self, items: Sequence[Variant], parent: Variants | None = None, *, looped: frozenset[str] | None = None
    ) -> None:
        self._items = tuple(items)
        self._parent = parent
        self._looped = looped
        self._distinct: dict[str, list[Any]] = {}
        self._filtered: dict[tuple[str, str], Variants] = {}
        self._squashed: Spec | None = None
        self._several: tuple[str, ...] | None = None
        self._differing: frozenset[str] | None = None

    @overload
    def __getitem__(self, index: int) -> Variant: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Variant, ...]: ...
    def __getitem__(self, index: int | slice) -> Variant | tuple[Variant, ...]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Variant]:
        return iter(self._items)

    def distinct(self, key: str) -> list[Any]:
        """The different values of a key, in order."""
        known = self._distinct.get(key)
        if known is None:
            known = self._distinct[key] = self._find(key)
        return known

    def _find(self, key: str) -> list[Any]:
        if self._looped is not None and key not in self._looped:
            return [v[key] for v in self._items[:1] if key in v]
        if self._parent is not None:
            before = self._parent.distinct(key)
            if len(before) < 2:
                return before
        try:
            return list(dict.fromkeys(map(itemgetter(key), self._items)))
        except (KeyError, TypeError):  # a key that some have, or lists for values
            values = [v[key] for v in self._items if key in v]
            found: list[Any] = []
            seen: set[int] = set()
            for value in values:
                if id(value) not in seen:
                    seen.add(id(value))
                    if value not in found:
                        found.append(value)
            return found

    def where(self, key: str, values: Any) -> Variants:
        """Those whose `key` is (in) `values`; all of them where none is."""
        if len(self.distinct(key)) < 2:
            return self
        name = (key, repr(values))
        known = self._filtered.get(name)
        if known is None:
            kept = filtered(self._items, key, values)
            known = self._filtered[name] = Variants(kept, self) if kept else self
        return known

    def looping(self, keys: set[str]) -> set[str]:
        """Those of `keys` whose value differs between variants (conda_build.variants.get_vars)."""
        if not self._items:
            return set()
        first = self._items[0]
        special = {"pin_run_as_build", "zip_keys", "ignore_version", *as_list(first.get("extend_keys"))}
        return {k for k in keys if k in first and k not in special and len(self.distinct(k)) > 1}

    def squashed(self) -> Spec:
        """All of them as one spec: every key with its values, zipped keys in step (list_of_dicts_to_dict_of_lists)."""
        if self._squashed is None:
            self._squashed = self._squash() if self._items else {}
        return dict(self._squashed)

    def several(self) -> tuple[str, ...]:
        """The keys that have several values in `squashed`."""
        if self._several is None:
            spec = self.squashed()
            self._several = tuple(k for k, v in spec.items() if isinstance(v, list) and len(v) > 1)
        return self._several

    def differing(self) -> frozenset[str]:
        """The keys that have more than one value."""
        if self._differing is None:
            self._differing = frozenset(k for k in self._may_differ() if len(self.distinct(k)) > 1)
        return self._differing

    def _may_differ(self) -> Collection[str]:
        if self._parent is not None:
            return self._parent.differing()
        return self._items[0] if self._looped is None else self._looped

    def _squash(self) -> Spec:
        first = self._items[0]
        groups = zip_groups(first)
        # what is the same in all of the list this one is filtered from is as it is there
        spec: Spec = {} if self._parent is None else self._parent.squashed()
        left = first if self._parent is None else self._parent.differing()
        for key in first:
            if key not in left or key == "zip_keys":
                continue
            values = self.distinct(key)
            if isinstance(first[key], dict):
                merged: dict[str, Any] = {}
                for value in values:
                    merged.update(value)
                spec[key] = merged
            else:
                spec[key] = list(dict.fromkeys(v for value in values for v in as_list(value)))
        for group in groups:
            if self._parent is not None and not self._parent.differing().intersection(group):
                continue
            rows = list(dict.fromkeys(zip(*(map(itemgetter(k), self._items) for k in group), strict=True)))
            for key, column in zip(group, zip(*rows, strict=True), strict=True):
                spec[key] = list(column)
        spec["zip_keys"] = [list(g) for g in groups]
        return spec
