"""Channels: from what the user wrote (-c, .condarc) to URLs, highest priority first."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from cbw_core.config import Config
from cbw_core.env.condarc import Condarc, read_condarc
from cbw_core.errors import UsageError
from cbw_core.platforms import native_subdir

Kind: TypeAlias = Literal["output", "local", "host", "folder", "url", "name"]

_URL = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://")
_TOKEN = re.compile(r"/t/[^/\s]+")
_USER = re.compile(r"(?<=://)[^/@\s]+@")
_SCHEMES = ("http", "https", "file")


@dataclass(frozen=True)
class ChannelRef:
    """One channel. `name` is what a person calls it, `url` its address without credentials ("" for the host channel,
    whose folder is only made when something is solved against it). Refs of one multichannel ("defaults") share a name.

    credentials: "user:password" or ("token", TOKEN) as "token:TOKEN"; never shown.
    """

    name: str
    url: str
    kind: Kind
    credentials: str = field(default="", repr=False)


def channels_of(config: Config, environ: Mapping[str, str]) -> tuple[ChannelRef, ...]:
    """The channels to search, highest priority first.

    The folder of built packages comes first when it is an indexed channel and not named anyway
    (conda_build.index.get_build_index); then config.channels; then those of .condarc, unless override_channels is set;
    "defaults" when nobody names any. Raises UsageError for what is no channel.
    """
    condarc = read_condarc(environ)
    written = list(config.channels)
    if not config.override_channels:
        written += condarc.channels
    if not written and not config.override_channels:
        written = ["defaults"]
    found = [ref for text in written for ref in _refs(text, config, condarc, environ)]
    output = config.packages.as_uri()
    if _is_indexed(config.packages) and all(ref.url != output for ref in found):
        found.insert(0, ChannelRef("local", output, "output"))
    unique: dict[tuple[str, str], ChannelRef] = {}
    for ref in found:
        unique.setdefault((ref.kind if ref.kind == "host" else "", ref.url), ref)
    return tuple(unique.values())


def _is_indexed(folder: Path) -> bool:
    return any((folder / subdir / "repodata.json").is_file() for subdir in ("noarch", native_subdir()))


def _refs(text: str, config: Config, condarc: Condarc, environ: Mapping[str, str]) -> Iterator[ChannelRef]:
    if text == "host":
        yield ChannelRef("host", "", "host")
    elif text == "local":
        yield ChannelRef("local", config.packages.as_uri(), "local")
    elif text in condarc.multichannels or text == "defaults":
        # conda.base.context.default_channels; here through the alias, so that a mirror needs one setting
        for member in condarc.multichannels.get(text) or ("pkgs/main", "pkgs/r"):
            for ref in _refs(member, config, condarc, environ):
                yield ChannelRef(text, ref.url, ref.kind, ref.credentials)
    elif _URL.match(text):
        yield _url_ref(text, text)
    elif text.startswith(("/", "~", ".")):
        home = environ.get("HOME")
        expanded = re.sub(r"^~(?=/|$)", lambda _: home, text) if home else text
        folder = Path(os.path.abspath(Path(expanded).expanduser()))  # noqa: PTH100 (links stay)
        yield ChannelRef(text, _channel_folder(folder).as_uri(), "folder")
    elif re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]*", text):
        first = text.split("/", 1)[0]
        base = condarc.custom_channels.get(text) or condarc.custom_channels.get(first) or condarc.channel_alias
        ref = _url_ref(text, f"{base.rstrip('/')}/{text}")
        yield ChannelRef(text, ref.url, "name", ref.credentials)
    else:
        raise UsageError(
            f"{redact(text)!r} is no channel",
            kind="channel",
            hint="Give a name (conda-forge), a URL, a folder (./packages), local or host.",
        )


def _channel_folder(folder: Path) -> Path:
    """A folder as written: people also name one of its subdirs."""
    from cbw_core.platforms import KNOWN_SUBDIRS

    return folder.parent if folder.name in KNOWN_SUBDIRS else folder


def _url_ref(name: str, url: str) -> ChannelRef:
    scheme = urlsplit(url).scheme
    if scheme not in _SCHEMES:
        raise UsageError(
            f"channel {redact(url)}: {scheme}:// is not supported",
            kind="channel",
            hint=f"Supported are {', '.join(f'{s}://' for s in _SCHEMES)}.",
        )
    credentials = ""
    if (token := _TOKEN.search(url)) and urlsplit(url).path.startswith("/t/"):
        credentials = "token:" + token[0].removeprefix("/t/")
    elif user := _USER.search(url):
        from urllib.parse import unquote

        credentials = "basic:" + unquote(user[0].removesuffix("@"))
    bare = bare_url(url)
    from cbw_core.platforms import KNOWN_SUBDIRS

    parent, _, last = bare.rpartition("/")
    bare = parent if last in KNOWN_SUBDIRS else bare
    return ChannelRef(bare_url(name).rstrip("/") if _URL.match(name) else name, bare, "url", credentials)


def bare_url(url: str) -> str:
    """A URL without user, password and token, and without a slash at its end."""
    url = _USER.sub("", url)
    if urlsplit(url).path.startswith("/t/"):
        url = _TOKEN.sub("", url, count=1)
    return url.rstrip("/")


def redact(text: str) -> str:
    """Text for a person: users, passwords and tokens in its URLs are replaced by ***."""
    return _TOKEN.sub("/t/***", _USER.sub("***@", text))


def shown(channels: Sequence[ChannelRef]) -> str:
    """Channels as a sentence names them: "conda-forge, file:///srv/packages"."""
    return ", ".join(dict.fromkeys(ref.name for ref in channels)) or "none"


def logins(channels: Sequence[ChannelRef]) -> dict[str, dict[str, object]]:
    """Credentials by host, in the form of rattler's credentials file. One login a host: others are refused."""
    found: dict[str, dict[str, object]] = {}
    for ref in channels:
        if not ref.credentials:
            continue
        kind, _, secret = ref.credentials.partition(":")
        user, _, password = secret.partition(":")
        login: dict[str, object] = (
            {"CondaToken": secret} if kind == "token" else {"BasicHTTP": {"username": user, "password": password}}
        )
        host = urlsplit(ref.url).hostname or ""
        if found.setdefault(host, login) != login:
            raise UsageError(
                f"channel {ref.name}: two different logins for {host} are not supported",
                kind="channel",
                hint="Use one login for all channels of a server.",
            )
    return found
