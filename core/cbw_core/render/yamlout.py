"""A rendered output as YAML, as conda-build's output_yaml gives it: sections in their order, lists indented."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any

from cbw_core.render.output import Output

_SECTIONS = ("package", "source", "build", "requirements", "test", "app", "outputs", "about", "extra")
_YAML_11_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"])


def to_yaml(output: Output, *, whole: bool = False) -> str:
    """The rendered recipe of an output as readable YAML that any YAML reader reads alike.

    whole: the recipe as a whole with its `outputs`, instead of the output's own sections.
    """
    from ruamel.yaml import YAML

    meta = output.top if whole else {k: v for k, v in output.meta.items() if k != "outputs"}
    ordered = {k: meta[k] for k in _SECTIONS if k in meta} | {k: v for k, v in meta.items() if k not in _SECTIONS}
    yaml = YAML(typ="rt")
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 10_000
    yaml.representer.ignore_aliases = lambda data: True
    stream = StringIO()
    yaml.dump(_shown(ordered), stream)
    return stream.getvalue()


def _shown(value: Any) -> Any:
    """Texts of several lines as blocks; texts that YAML 1.1 would read as something else in quotes."""
    from ruamel.yaml.scalarstring import LiteralScalarString, SingleQuotedScalarString

    if isinstance(value, Mapping):
        return {k: _shown(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(v) for v in value]
    if isinstance(value, str):
        if "\n" in value and all(line == line.rstrip() for line in value.split("\n")) and value.strip("\n"):
            return LiteralScalarString(value)
        if value.lower() in _YAML_11_WORDS or value[:1].isdigit() or value[:1] in ("+", "-", "."):
            return SingleQuotedScalarString(value)
    return value
