""".condarc: the keys that say where packages come from. What conda reads besides them is not ours yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbw_core.errors import Place, UsageError

CHANNEL_ALIAS = "https://conda.anaconda.org"  # conda's documented default (conda.base.constants.DEFAULT_CHANNEL_ALIAS)


@dataclass(frozen=True)
class Condarc:
    """channels: highest priority first. multichannels: name -> channels ("defaults" where default_channels is set).
    custom_channels: name -> base URL. ssl_verify: "true", "false" or a file. proxies: scheme -> URL. channel_priority:
    "" where no file says it."""

    channels: tuple[str, ...] = ()
    channel_alias: str = CHANNEL_ALIAS
    multichannels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    custom_channels: Mapping[str, str] = field(default_factory=dict)
    channel_priority: str = ""
    ssl_verify: str = "true"
    client_cert: str = ""
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_condarc(environ: Mapping[str, str]) -> Condarc:
    """The user's settings, from CONDA_CHANNELS, CONDA_CHANNEL_ALIAS and the files conda reads, first one first
    (conda.base.constants.SEARCH_PATH; lists of several files are joined). Raises UsageError naming file and key."""
    channels: list[str] = [c.strip() for c in environ.get("CONDA_CHANNELS", "").split(",") if c.strip()]
    alias = environ.get("CONDA_CHANNEL_ALIAS", "")
    multi: dict[str, tuple[str, ...]] = {}
    custom: dict[str, str] = {}
    proxies: dict[str, str] = {}
    single = {key: environ.get(f"CONDA_{key.upper()}", "") for key in ("ssl_verify", "client_ssl_cert")}
    priority = _priority(None, environ.get("CONDA_CHANNEL_PRIORITY"))
    for file in _files(environ):
        data = _load(file)
        channels += [c for c in _strings(file, data, "channels") if c not in channels]
        alias = alias or str(data.get("channel_alias") or "")
        if default := _strings(file, data, "default_channels"):
            multi.setdefault("defaults", default)
        for name in _mapping(file, data, "custom_multichannels"):
            multi.setdefault(str(name), _strings(file, data["custom_multichannels"], name))
        for name, base in _mapping(file, data, "custom_channels").items():
            custom.setdefault(str(name), str(base))
        for scheme, proxy in _mapping(file, data, "proxy_servers").items():
            proxies.setdefault(str(scheme), str(proxy))
        for key, known in single.items():
            if not known and data.get(key) is not None:
                single[key] = str(data[key]).lower() if isinstance(data[key], bool) else str(data[key])
        priority = priority or _priority(file, data.get("channel_priority"))
        _refuse_plugins(file, data)
    return Condarc(
        tuple(dict.fromkeys(channels)),
        alias or CHANNEL_ALIAS,
        multi,
        custom,
        channel_priority=priority,
        ssl_verify=single["ssl_verify"] or "true",
        client_cert=single["client_ssl_cert"],
        proxies=proxies,
    )


def _priority(file: Path | None, value: Any) -> str:
    """strict, flexible or disabled; conda's older true and false mean flexible and disabled. "" for none."""
    if value is None or value == "":
        return ""
    text = {"true": "flexible", "false": "disabled"}.get(str(value).lower(), str(value).lower())
    if text not in ("strict", "flexible", "disabled"):
        why = f"channel_priority is {value!r}, not strict, flexible or disabled"
        if file is not None:
            raise _wrong(file, why)
        raise UsageError(f"CONDA_CHANNEL_PRIORITY: {why}", kind="condarc")
    return text


def _refuse_plugins(file: Path, data: Mapping[Any, Any]) -> None:
    """Logins that a plugin of conda makes cannot be had without conda."""
    for row in data.get("channel_settings") or ():
        if isinstance(row, dict) and row.get("auth"):
            raise UsageError(
                f"channel_settings: the login {row['auth']!r} of {row.get('channel')} is a plugin of conda's",
                kind="condarc",
                place=Place(str(file)),
                hint="Write the login into the channel's URL, or into ~/.netrc, and take that setting out.",
            )


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    places = [Path(environ["CONDARC"])] if environ.get("CONDARC") else []
    if home := environ.get("HOME"):
        places += [Path(home, name) for name in (".condarc", ".conda/.condarc", ".conda/condarc")]
        config = Path(environ.get("XDG_CONFIG_HOME") or Path(home, ".config"))
        places += [config / "conda" / ".condarc", config / "conda" / "condarc"]
    if prefix := environ.get("CONDA_PREFIX"):
        places.append(Path(prefix, ".condarc"))
    places += [Path("/etc/conda/.condarc"), Path("/etc/conda/condarc")]
    return (place for place in places if place.is_file())


def _load(file: Path) -> dict[Any, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        data = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else None
        raise _wrong(file, str(error.problem or "it does not parse"), line) from None
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        raise _wrong(file, str(error)) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _wrong(file, "it is not a mapping of keys to values")
    return data


def _strings(file: Path, data: Mapping[Any, Any], key: Any) -> tuple[str, ...]:
    value = data.get(key) or ()
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise _wrong(file, f"{key} is not a list of channels")
    return tuple(value)


def _mapping(file: Path, data: Mapping[Any, Any], key: str) -> Mapping[Any, Any]:
    value = data.get(key) or {}
    if not isinstance(value, dict):
        raise _wrong(file, f"{key} is not a mapping of names")
    return value


def _wrong(file: Path, why: str, line: int | None = None) -> UsageError:
    return UsageError(
        f"{file.name} cannot be read",
        kind="condarc",
        place=Place(str(file), line),
        why=why,
        hint="Correct the file, or pass --override-channels to leave it out.",
    )
