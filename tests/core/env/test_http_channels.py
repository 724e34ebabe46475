"""Channels behind a real HTTP server: logins, redirects, failures, packed repodata, certificates, proxies, offline."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.env import ChannelResolver, install
from cbw_core.errors import CbwError
from cbw_core.events import Progress, Recorder, to_json
from cbw_core.platforms import native_subdir
from cbw_core.render.output import Resolved
from support.http_channel import Server, serving

SECRET = "s3cr3t-w0rd"
Ask = Callable[..., tuple[Resolved, ...]]


@pytest.fixture
def server(channel: Path) -> Iterator[Server]:
    with serving(channel) as running:
        yield running


@pytest.fixture
def ask(cfg: Callable[..., Config], environ: dict[str, str]) -> Ask:
    """Solve zlib on a channel, with .condarc and whatever else of the environment."""

    def run(channel: str, *, condarc: str = "", offline: bool = False, **env: str) -> tuple[Resolved, ...]:
        home = Path(environ["HOME"])
        home.mkdir(exist_ok=True)
        (home / ".condarc").write_text(condarc)
        resolver = ChannelResolver(cfg(channel, offline=offline), environ={**environ, **env})
        try:
            return resolver.solve(["zlib"], native_subdir(), env="host")
        finally:
            resolver.close()

    return run


def failed(ask: Ask, channel: str, **more: object) -> CbwError:
    with pytest.raises(CbwError) as caught:
        ask(channel, **more)
    assert SECRET not in json.dumps(caught.value.to_json())
    return caught.value


def names(packages: tuple[Resolved, ...]) -> list[str]:
    return [package.dist for package in packages]


@pytest.mark.parametrize("missing", [(), ("repodata.json.zst",)])
def test_repodata_comes_packed_or_plain(server: Server, ask: Ask, missing: tuple[str, ...]) -> None:
    server.missing, server.packed = missing, True
    assert names(ask(f"{server.url}/new")) == ["zlib-1.2.13-h1_0"]
    assert ("repodata.json" in server.files()) == bool(missing)


def test_what_was_fetched_once_solves_the_same_offline(server: Server, ask: Ask, channel: Path) -> None:
    online = ask(f"{server.url}/new")
    asked = len(server.asked)
    server.status = 500
    assert ask(f"{server.url}/new", offline=True) == online
    assert len(server.asked) == asked


@pytest.mark.parametrize("written", ["http://me:{secret}@{host}/new", "http://{host}/t/{secret}/new"])
def test_a_login_in_the_url_is_used_and_never_shown(
    server: Server, ask: Ask, written: str, cfg: Callable[..., Config], environ: dict[str, str], tmp_path: Path
) -> None:
    server.login = f"t/{SECRET}" if "/t/" in written else f"me:{SECRET}"
    channel = written.format(secret=SECRET, host=server.url.removeprefix("http://"))
    packages = ask(channel)
    assert names(packages) == ["zlib-1.2.13-h1_0"]
    told = Recorder()
    config = cfg(channel)
    install(packages, tmp_path / "prefix", config=config, environ=environ, sink=told)
    written_down = [p for p in (tmp_path / "prefix").rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes()]
    assert written_down == []
    assert SECRET not in json.dumps([p.url + p.channel for p in packages])
    assert SECRET not in json.dumps([to_json(event) for event in told.events])


def test_a_wrong_login_and_none_are_told_apart(server: Server, ask: Ask) -> None:
    server.login = f"me:{SECRET}"
    host = server.url.removeprefix("http://")
    refused = failed(ask, f"http://you:{SECRET}x@{host}/new")
    assert (refused.kind, "refuses the login" in refused.message) == ("network", True)
    assert "wants a login" in failed(ask, f"{server.url}/new").message


def test_netrc_is_read(server: Server, ask: Ask, environ: dict[str, str]) -> None:
    server.login = f"me:{SECRET}"
    home = Path(environ["HOME"])
    home.mkdir()
    (home / ".netrc").write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    (home / ".netrc").chmod(0o600)
    assert names(ask(f"{server.url}/new")) == ["zlib-1.2.13-h1_0"]


def test_a_token_of_the_channel_alias_is_used(server: Server, ask: Ask) -> None:
    server.login = f"t/{SECRET}"
    assert names(ask("new", condarc=f"channel_alias: {server.url}/t/{SECRET}\n")) == ["zlib-1.2.13-h1_0"]


def test_redirects_are_followed(server: Server, ask: Ask) -> None:
    server.redirect = True
    assert names(ask(f"{server.url}/old")) == ["zlib-1.2.13-h1_0"]


@pytest.mark.parametrize(
    ("path", "status", "kind", "words"),
    [("nowhere", 0, "channel", "there is no channel"), ("new", 503, "network", "could not be reached")],
)
def test_a_channel_that_does_not_answer_is_named(
    server: Server, ask: Ask, path: str, status: int, kind: str, words: str
) -> None:
    server.status = status
    error = failed(ask, f"{server.url}/{path}")
    assert (error.kind, error.exit_status) == (kind, 3)
    assert words in error.message and f"{server.url}/{path}" in error.message and error.hint


def test_run_exports_come_from_their_table_else_from_the_packages(
    server: Server, ask: Ask, cfg: Callable[..., Config], environ: dict[str, str], tmp_path: Path
) -> None:
    (zlib,) = (replace(package, run_exports=None) for package in ask(f"{server.url}/new"))
    for number, missing in enumerate([(), ("run_exports.json",)]):
        server.missing = missing
        server.asked.clear()
        config = replace(cfg(f"{server.url}/new"), cache=tmp_path / f"cache{number}")
        resolver = ChannelResolver(config, environ=environ)
        assert resolver.run_exports([zlib]) == {zlib.dist: {"weak": ("zlib >=1.2.13,<1.3.0a0",)}}
        assert ("zlib-1.2.13-h1_0.conda" in server.files()) == bool(missing)
        server.asked.clear()
        fresh = ChannelResolver(config, environ=environ)
        assert fresh.run_exports([zlib])[zlib.dist] and server.asked == []
        resolver.close()
        fresh.close()


def test_a_proxy_is_asked_for_all_of_http(server: Server, ask: Ask) -> None:
    proxy = f"http://me:{SECRET}@{server.url.removeprefix('http://')}"
    packages = ask("http://channel.invalid/new", condarc=f"proxy_servers:\n  http: {proxy}\n")
    assert names(packages) == ["zlib-1.2.13-h1_0"]
    assert all(path.startswith("http://channel.invalid/") for path, _ in server.asked)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl makes the certificate")
    file = tmp_path_factory.mktemp("certificate") / "own.pem"
    options = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    options += " -addext basicConstraints=critical,CA:FALSE"
    subprocess.run(
        [program, *options.split(), "-keyout", str(file), "-out", str(file) + ".crt"], check=True, capture_output=True
    )
    file.write_text(file.read_text() + Path(str(file) + ".crt").read_text())
    return file


def test_certificates_are_verified_as_condarc_says(channel: Path, ask: Ask, certificate: Path) -> None:
    with serving(channel, certificate=certificate) as server:
        assert failed(ask, f"{server.url}/new").kind == "network"
        for condarc in (f"ssl_verify: {certificate}.crt\n", "ssl_verify: false\n"):
            assert names(ask(f"{server.url}/new", condarc=condarc)) == ["zlib-1.2.13-h1_0"]
        assert names(ask(f"{server.url}/new", REQUESTS_CA_BUNDLE=f"{certificate}.crt")) == ["zlib-1.2.13-h1_0"]


@pytest.mark.parametrize(
    ("condarc", "words"),
    [
        ("client_ssl_cert: /x.pem\n", "client_ssl_cert"),
        ("ssl_verify: /not/there.pem\n", "/not/there.pem"),
        ("proxy_servers:\n  http://one.invalid: http://two.invalid\n", "http://one.invalid"),
        ("channel_settings:\n  - channel: a\n    auth: some-plugin\n", "some-plugin"),
        ("channel_priority: sometimes\n", "sometimes"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(ask: Ask, condarc: str, words: str) -> None:
    error = failed(ask, "https://channel.invalid/new", condarc=condarc)
    assert (error.kind, error.exit_status) == ("condarc", 2)
    assert words in f"{error.message} {error.why}" and error.hint


def test_progress_is_told_with_totals(
    server: Server, cfg: Callable[..., Config], environ: dict[str, str], tmp_path: Path
) -> None:
    told = Recorder()
    config = replace(cfg(f"{server.url}/new"), cache=tmp_path / "cache")
    resolver = ChannelResolver(config, environ=environ, sink=told)
    packages = resolver.solve(["libpng"], native_subdir(), env="host")
    resolver.solve(["zlib"], native_subdir(), env="host")
    resolver.close()
    install(packages, tmp_path / "prefix", config=config, environ=environ, sink=told)
    steps = [event for event in told.events if isinstance(event, Progress)]
    last = {step.task: (step.done, step.total, step.unit) for step in steps if step.finished}
    size = sum(package.size or 0 for package in packages)
    assert last == {
        "repodata": (2, 2, "files"),
        "solve host": (1, 1, "steps"),
        "download": (size, size, "bytes"),
        "extract": (2, 2, "packages"),
        "link": (2, 2, "packages"),
    }
    assert sum(step.task == "repodata" and step.finished for step in steps) == 1
    assert any(step.item == f"{server.url}/new/noarch" for step in steps)
