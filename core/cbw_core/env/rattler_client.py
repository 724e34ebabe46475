"""Clients and gateways of py-rattler, inside the worker."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rattler import Gateway
    from rattler.networking import Client

State = dict[Any, Any]


def client(state: State, access: dict[str, Any]) -> Client:
    """One client per way to reach servers (network.Access). Logins reach rattler through its credentials file, which is
    gone right after; certificates through the variable that its TLS library reads."""
    key = ("client", json.dumps(access, sort_keys=True))
    if key not in state:
        with _logins(access.get("logins") or {}):
            state[key] = _client(access.get("network") or {})
    made: Client = state[key]
    return made


def _client(network: dict[str, Any]) -> Client:
    from rattler import Config
    from rattler.networking import Client

    if not network:
        return Client.default_client()
    rows = [f"tls-no-verify = {json.dumps(not network['verify'])}"]
    if network["ca"]:
        os.environ["SSL_CERT_FILE"] = str(Path(network["ca"]).expanduser())
        rows.append('tls-root-certs = "system"')
    proxies = [f"{scheme} = {json.dumps(network[scheme])}" for scheme in ("http", "https") if network[scheme]]
    rows += ["[proxy-config]", *proxies] if proxies else []
    return Client.from_config(Config.from_toml("\n".join(rows)))


@contextmanager
def _logins(logins: dict[str, Any]) -> Iterator[None]:
    """rattler's credentials file with `logins` beside what the user's own has, while a client is made."""
    if not logins:
        yield
        return
    before = os.environ.get("RATTLER_AUTH_FILE")
    stored = json.loads(Path(before).read_text()) if before else {}
    descriptor, name = tempfile.mkstemp(suffix=".json")  # readable by us alone
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump({**stored, **logins}, file)
        os.environ["RATTLER_AUTH_FILE"] = name
        yield
    finally:
        Path(name).unlink()
        if before is None:
            del os.environ["RATTLER_AUTH_FILE"]
        else:
            os.environ["RATTLER_AUTH_FILE"] = before


def gateway(state: State, cache: str, access: dict[str, Any], offline: bool) -> Gateway:
    """One gateway per cache folder and mode: it keeps repodata in memory."""
    from rattler import Gateway, SourceConfig

    key = ("gateway", cache, json.dumps(access, sort_keys=True), offline)
    if key not in state:
        state[key] = Gateway(
            cache_dir=Path(cache),
            default_config=SourceConfig(cache_action="force-cache-only" if offline else "cache-or-fetch"),
            client=client(state, access),
        )
    made: Gateway = state[key]
    return made
