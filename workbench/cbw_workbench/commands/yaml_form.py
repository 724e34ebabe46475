"""Rendered recipes as YAML, sections and fields in the order recipes are usually written in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbw_core.render.output import Output

_ORDER = ("package", "source", "build", "requirements", "test", "outputs", "about", "extra", "app")


def yaml_of_outputs(outputs: Iterable[Output]) -> str:
    """One YAML document for each output, its rendered sections; empty ones are left out."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 4096
    yaml.explicit_start = True
    stream = StringIO()
    for output in outputs:
        yaml.dump(plain(ordered(output.meta)), stream)
    return stream.getvalue()


def ordered(meta: Mapping[str, Any]) -> dict[str, Any]:
    names = [*(n for n in _ORDER if n in meta), *(n for n in meta if n not in _ORDER)]
    return {name: meta[name] for name in names if meta[name] not in (None, {}, [], ())}


def plain(value: Any) -> Any:
    """Dicts, lists and scalars of the base types only: what a safe dumper writes without tags."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return value
