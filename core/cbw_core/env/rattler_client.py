"""Clients and gateways of py-rattler, inside the worker."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rattler import Gateway
    from rattler.networking import Client

State = dict[Any, Any]


def client(state: State, logins: dict[str, Any]) -> Client:
    """One client per set of logins. They reach rattler through its credentials file, which is gone right after."""
    key = ("client", json.dumps(logins, sort_keys=True))
    if key not in state:
        state[key] = _client(logins)
    made: Client = state[key]
    return made


def _client(logins: dict[str, Any]) -> Client:
    from rattler.networking import Client

    if not logins:
        return Client.default_client()
    before = os.environ.get("RATTLER_AUTH_FILE")
    stored = json.loads(Path(before).read_text()) if before else {}
    descriptor, name = tempfile.mkstemp(suffix=".json")  # readable by us alone
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump({**stored, **logins}, file)
        os.environ["RATTLER_AUTH_FILE"] = name
        return Client.default_client()
    finally:
        Path(name).unlink()
        if before is None:
            del os.environ["RATTLER_AUTH_FILE"]
        else:
            os.environ["RATTLER_AUTH_FILE"] = before


def gateway(state: State, cache: str, logins: dict[str, Any], offline: bool) -> Gateway:
    """One gateway per cache folder and mode: it keeps repodata in memory."""
    from rattler import Gateway, SourceConfig

    key = ("gateway", cache, json.dumps(logins, sort_keys=True), offline)
    if key not in state:
        state[key] = Gateway(
            cache_dir=Path(cache),
            default_config=SourceConfig(cache_action="force-cache-only" if offline else "cache-or-fetch"),
            client=client(state, logins),
        )
    made: Gateway = state[key]
    return made
