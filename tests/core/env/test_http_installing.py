"""Packages installed from a channel over HTTP: logins, offline, what is gone."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.env import ChannelResolver, install
from cbw_core.errors import CbwError
from cbw_core.events import Progress, Recorder
from cbw_core.platforms import native_subdir
from cbw_core.render.output import Resolved

NATIVE = native_subdir()
Solve = Callable[..., tuple[Resolved, ...]]
MakeConfig = Callable[..., Config]


class Server(SimpleHTTPRequestHandler):
    """A channel over HTTP; below /private/ it wants user and password, below /t/TOKEN/ a token was given."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if self.path.startswith("/private/"):
            if self.headers.get("Authorization") != "Basic bWU6c2UgY3JldA==":  # me:se cret
                self.send_error(401)
                return
            self.path = self.path.removeprefix("/private")
        super().do_GET()

    do_HEAD = do_GET

    def log_message(self, *args: object) -> None: ...

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # rattler asks for several files and hangs up when it has one
            self.close_connection = True


@pytest.fixture
def server(channel: Path) -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(channel)))
    made.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def test_a_channel_over_http_with_a_login_then_offline(
    server: ThreadingHTTPServer, cfg: MakeConfig, environ: dict[str, str], tmp_path: Path
) -> None:
    place = f"127.0.0.1:{server.server_port}/private"
    config = cfg(f"http://me:se%20cret@{place}")
    recorder = Recorder()
    resolver = ChannelResolver(config, sink=recorder, environ=environ)
    packages = resolver.solve(["zlib", "python 3.11"], NATIVE, env="host")
    exports = resolver.run_exports([replace(package, run_exports=None) for package in packages])
    assert exports["zlib-1.2.13-h1_0"] == {"weak": ("zlib >=1.2.13,<1.3.0a0",)}
    install(packages, tmp_path / "one", config=config, sink=recorder, environ=environ)
    assert {"download", "link"} <= {event.task for event in recorder.events if isinstance(event, Progress)}

    assert all(package.url.startswith(f"http://{place}/") for package in packages)
    told = repr(recorder.events) + repr(packages)
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    for secret in ("se cret", "se%20cret", "bWU6c2UgY3JldA"):
        assert secret not in told
        assert secret.encode() not in kept

    offline = replace(config, offline=True)
    server.asked.clear()  # type: ignore[attr-defined]
    again = ChannelResolver(offline, environ=environ)
    assert again.solve(["zlib", "python 3.11"], NATIVE, env="host") == packages
    bare = [replace(package, run_exports=None) for package in packages]
    assert again.run_exports(bare) == exports
    install(packages, tmp_path / "two", config=offline, environ=environ)
    assert (tmp_path / "two" / "include" / "zlib.h").exists()
    with pytest.raises(CbwError, match="not in the cache") as caught:
        ChannelResolver(replace(offline, cache=tmp_path / "empty"), environ=environ).solve(["zlib"], NATIVE, env="host")
    assert caught.value.kind == "network"
    with pytest.raises(CbwError, match=r"zlib-1\.2\.13.*offline") as caught:
        install(packages[-1:], tmp_path / "three", config=replace(offline, cache=tmp_path / "empty"), environ=environ)
    assert caught.value.kind == "network"
    assert server.asked == []  # type: ignore[attr-defined]


def test_a_wrong_login_and_a_channel_that_is_not_there_are_told_apart(
    server: ThreadingHTTPServer, cfg: MakeConfig, environ: dict[str, str]
) -> None:
    place = f"127.0.0.1:{server.server_port}"
    expected = {
        f"http://me:wrong@{place}/private": "refuses the login",
        f"http://{place}/private": "wants a login",
        f"http://{place}/none": "there is no channel",
    }
    for url, text in expected.items():
        with pytest.raises(CbwError, match=text) as caught:
            ChannelResolver(cfg(url), environ=environ).solve(["zlib"], NATIVE, env="host")
        assert "wrong" not in json.dumps(caught.value.to_json())


def test_a_download_that_is_gone_names_the_package(
    server: ThreadingHTTPServer, cfg: MakeConfig, environ: dict[str, str], tmp_path: Path
) -> None:
    config = cfg(f"http://127.0.0.1:{server.server_port}")
    (zlib,) = ChannelResolver(config, environ=environ).solve(["zlib"], NATIVE, env="host")
    gone = replace(zlib, url=zlib.url.replace("/zlib", "/gone"))
    with pytest.raises(CbwError, match=r"zlib-1\.2\.13-h1_0 could not be downloaded") as caught:
        install([gone], tmp_path / "prefix", config=config, environ=environ)
    assert caught.value.kind == "network"
