"""The outputs of a recipe as they become known, found by name and by the values of the variables they use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Key = tuple[Any, ...]
# names of variables -> their values -> (when it became known, key)
_Rows = dict[tuple[str, ...], dict[tuple[Any, ...], tuple[int, Key]]]


class Others(dict[Key, Any]):
    """(output, state) by (name, ((variable, value), ...)), in the order they became known."""

    def __init__(self, pairs: Mapping[Key, Any] | Iterable[tuple[Key, Any]] = ()) -> None:
        super().__init__()
        self._named: dict[str, _Rows] = {}
        self._count: dict[str, int] = {}
        self.add(dict(pairs))

    def __setitem__(self, key: Key, value: Any) -> None:
        if key not in self:
            name, used = key
            rows = self._named.setdefault(name, {}).setdefault(tuple(k for k, _ in used), {})
            rows[tuple(v for _, v in used)] = (len(self), key)
            self._count[name] = self._count.get(name, 0) + 1
        super().__setitem__(key, value)

    def add(self, pairs: Mapping[Key, Any]) -> None:
        for key, value in pairs.items():
            self[key] = value

    def has(self, name: str) -> bool:
        return name in self._named

    def find(self, name: str, variant: Mapping[str, Any], value_of: Callable[[str], Any]) -> Key | None:
        """The only output of a name, else the first whose variables have the variant's values, as far as the variant
        has them; None where no one agrees. value_of: a variable's value as keys hold it."""
        rows = self._named[name]
        found: list[tuple[int, Key]] = []
        for variables, by_values in rows.items():
            if self._count[name] == 1:
                return next(iter(by_values.values()))[1]
            if all(variable in variant for variable in variables):
                row = by_values.get(tuple(map(value_of, variables)))
                found += [row] if row else []
                continue
            known = [(place, v) for place, v in enumerate(variables) if v in variant]
            found += [row for values, row in by_values.items() if all(values[p] == value_of(v) for p, v in known)]
        return min(found)[1] if found else None
