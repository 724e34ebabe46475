"""How servers are reached: logins, certificates, proxies, as .condarc and the environment say. Data for the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from cbw_core.env.channels import ChannelRef, logins, redact
from cbw_core.env.condarc import Condarc, read_condarc
from cbw_core.errors import UsageError

# {} where nothing is remote; else "logins" (by host) and "network": "verify", "ca" (a file), "http", "https" (proxies)
Access: TypeAlias = dict[str, Any]

# what requests takes a bundle of certificates from, and curl (requests.sessions.Session.merge_environment_settings)
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def access(channels: Sequence[ChannelRef], environ: Mapping[str, str]) -> Access:
    """What is needed to reach `channels`. Raises UsageError, naming file and key, for what is not supported."""
    if all(not ref.url or ref.url.startswith("file:") for ref in channels):
        return {}
    return {"logins": logins(channels), "network": _network(read_condarc(environ), environ)}


def _network(condarc: Condarc, environ: Mapping[str, str]) -> dict[str, Any]:
    if condarc.client_cert:
        raise UsageError(
            "client_ssl_cert is not supported",
            kind="condarc",
            why="The library that reads channels cannot show a client certificate.",
            hint="Reach the channel through a proxy that shows it, or mirror it into a folder (file://).",
        )
    found: dict[str, Any] = {"verify": True, "ca": "", "http": "", "https": ""}
    verify = environ.get("CONDA_SSL_VERIFY") or condarc.ssl_verify
    if verify.lower() in ("false", "no", "off", "0"):
        found["verify"] = False
    elif verify.lower() not in ("true", "yes", "on", "1", "truststore", "<truststore>"):
        found["ca"] = verify
    found["ca"] = found["ca"] or next((environ[name] for name in _BUNDLES if environ.get(name)), "")
    if found["ca"] and not Path(found["ca"]).expanduser().is_file():
        raise UsageError(
            f"there is no file of certificates {found['ca']}",
            kind="condarc",
            hint="Correct ssl_verify in .condarc (or CONDA_SSL_VERIFY, REQUESTS_CA_BUNDLE): true, false or a file.",
        )
    for key, proxy in condarc.proxies.items():
        if key not in ("http", "https", "all"):
            raise UsageError(
                f"proxy_servers: {redact(key)!r} is not supported",
                kind="condarc",
                hint="Name the proxies of http and https; for one server set NO_PROXY or HTTPS_PROXY when calling cbw.",
            )
        for scheme in ("http", "https") if key == "all" else (key,):
            found[scheme] = proxy
    return found
