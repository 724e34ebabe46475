"""What one package archive says of itself, read without py-rattler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cbw_core.errors import EnvironmentFailure, Place

RUN_EXPORT_KINDS = ("weak", "strong", "noarch", "weak_constrains", "strong_constrains")


def read_index_json(package: Path) -> dict[str, Any]:
    """info/index.json of a .conda or .tar.bz2. Raises EnvironmentFailure(kind="package") naming the file."""
    text = _info(package, ("info/index.json",)).get("info/index.json")
    if text is None:
        raise unreadable(package, "it has no info/index.json")
    data = _json(package, "info/index.json", text)
    if not isinstance(data, dict):
        raise unreadable(package, "its info/index.json is not an object")
    return data


def read_run_exports(package: Path) -> dict[str, tuple[str, ...]]:
    """The run_exports of a .conda or .tar.bz2: kind -> specs; empty when it has none."""
    texts = _info(package, ("info/run_exports.json", "info/run_exports.yaml"))
    return parse_run_exports(package, texts)


def parse_run_exports(package: Path, texts: Mapping[str, bytes]) -> dict[str, tuple[str, ...]]:
    """run_exports from the two files packages keep them in (.yaml: those of conda-build before 3.2)."""
    if (text := texts.get("info/run_exports.json")) is not None:
        return normal_run_exports(_json(package, "info/run_exports.json", text))
    if (text := texts.get("info/run_exports.yaml")) is not None:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        try:
            return normal_run_exports(YAML(typ="safe", pure=True).load(text))
        except YAMLError as error:
            raise unreadable(package, f"its info/run_exports.yaml does not parse: {error}") from None
    return {}


def normal_run_exports(data: Any) -> dict[str, tuple[str, ...]]:
    """run_exports as recipes and packages write them (a list is weak, a string is a list of one) -> kind -> specs."""
    if not data:
        return {}
    if not isinstance(data, dict):
        data = {"weak": data}
    found = {kind: [data[kind]] if isinstance(data[kind], str) else data[kind] for kind in data if data[kind]}
    return {kind: tuple(str(spec) for spec in found[kind]) for kind in RUN_EXPORT_KINDS if kind in found}


def parse_object(package: Path, name: str, texts: Mapping[str, bytes]) -> dict[str, Any]:
    """A JSON file of info/; empty when it is not there or holds no object."""
    data = _json(package, name, texts[name]) if name in texts else None
    return data if isinstance(data, dict) else {}


def source_of_recipe(text: bytes) -> dict[str, Any]:
    """`source` of a rendered recipe (info/recipe/meta.yaml), where it is one and not a list. Old packages hold recipes
    that are no YAML: they have none."""
    if b"\nsource:" not in text:
        return {}
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe").load(text)
    except YAMLError:
        return {}
    source = data.get("source") if isinstance(data, dict) else None
    return source if isinstance(source, dict) else {}


def _info(package: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """The named files of the info part, those that are there."""
    import zipfile
    from tarfile import TarError

    from conda_package_streaming.package_streaming import stream_conda_component
    from zstandard import ZstdError

    found: dict[str, bytes] = {}
    try:
        with package.open("rb") as file:
            for tar, member in stream_conda_component(package.name, file, component="info"):
                if member.name in names and member.isfile():
                    stream = tar.extractfile(member)
                    found[member.name] = stream.read() if stream is not None else b""
                    if len(found) == len(names):
                        break
    except FileNotFoundError:
        raise unreadable(package, "there is no such file") from None
    except (OSError, EOFError, TarError, zipfile.BadZipFile, ZstdError, LookupError, ValueError) as error:
        raise unreadable(package, str(error) or type(error).__name__) from None
    return found


def _json(package: Path, name: str, text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise unreadable(package, f"its {name} does not parse: {error}") from None


def unreadable(package: Path, why: str) -> EnvironmentFailure:
    """The error for a file that is no package, or not one that can be used."""
    return EnvironmentFailure(
        f"{package.name} is not a readable package",
        kind="package",
        place=Place(str(package)),
        why=why,
        hint="Remove the file, or build or download it again.",
    )
