"""A recipe with a source section, a web server on this machine, git repositories."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cbw_core.config import Config
from cbw_core.events import Recorder
from cbw_core.process import Cancel
from cbw_core.render import Output
from cbw_core.source import Provided, provide
from cbw_core.source.download import Patience
from support.files import write_files

SHORT = Patience(connect=5.0, read=0.3, tries=2, pause=0.0)


@dataclass
class Bench:
    """A recipe folder, a work folder, a cache. `provide(entry, ...)` makes the work folder from source entries."""

    base: Path
    events: Recorder = field(default_factory=Recorder)
    offline: bool = False
    meta_yaml: str = ""

    def __post_init__(self) -> None:
        self.recipe.mkdir()

    @property
    def recipe(self) -> Path:
        return self.base / "recipe"

    @property
    def work(self) -> Path:
        return self.base / "session" / "work"

    @property
    def cache(self) -> Path:
        return self.base / "cache"

    @property
    def failed(self) -> Path:
        return self.base / "session" / "work_failed_provide"

    def output(self, *entries: dict[str, Any]) -> Output:
        text = self.meta_yaml
        if not text:
            from ruamel.yaml import YAML

            with (self.recipe / "meta.yaml").open("w") as out:
                YAML().dump({"package": {"name": "x", "version": "1"}, "source": list(entries)}, out)
        else:
            (self.recipe / "meta.yaml").write_text(text)
        return Output(
            recipe_dir=str(self.recipe),
            recipe_file=str(self.recipe / "meta.yaml"),
            name="x",
            version="1",
            build_string="0",
            meta={"source": list(entries)},
        )

    def provide(self, *entries: dict[str, Any], cancel: Cancel | None = None) -> Provided:
        config = Config(self.base / "croot", self.cache, self.base / "state", offline=self.offline)
        output = self.output(*entries)
        return provide(output, self.work, config=config, sink=self.events, cancel=cancel, patience=SHORT)

    def line(self, text: str) -> int:
        """The line of meta.yaml that has `text`."""
        lines = (self.recipe / "meta.yaml").read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def files(self, folder: Path | None = None) -> dict[str, str]:
        """path -> content of every file of the work folder, but those of .git."""
        folder = folder or self.work
        return {
            path.relative_to(folder).as_posix(): path.read_bytes().decode("latin-1")
            for path in sorted(folder.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(folder).parts
        }


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in (
        "http_proxy",
        "https_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "all_proxy",
        "GIT_CONFIG_GLOBAL",
    ):
        monkeypatch.delenv(name, raising=False)
    return Bench(tmp_path)


@dataclass
class Site:
    """What the server serves, and what it was asked. files: path -> content.

    drop:    path -> bytes after which the connection is broken off, for each request in turn; None: it is not.
    hang:    paths at which nothing comes after the head (or no head at all: `mute`).
    etag:    whether it tells one; ranges: whether it serves parts.
    """

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    drop: dict[str, list[int | None]] = field(default_factory=dict)
    hang: set[str] = field(default_factory=set)
    mute: set[str] = field(default_factory=set)
    status: dict[str, int] = field(default_factory=dict)
    etag: str = '"1"'
    ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    waiting: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            site.asked.append((self.path, asked))
            site.headers.append(dict(self.headers))
            if self.path in site.mute:
                site.waiting.set()
                site.over.wait(30)
                self.close_connection = True
                return
            status, data = site.status.get(self.path, 200), site.files.get(self.path, b"")
            if self.path not in site.files and status == 200:
                status = 404
            start = 0
            same = self.headers.get("If-Range") in (None, site.etag)
            if asked and site.ranges and status == 200 and same:
                start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
                if start >= len(data):
                    start, status, data = 0, 416, b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(data) - start))
            if site.etag:
                self.send_header("ETag", site.etag)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            if self.path in site.hang:
                self.wfile.write(data[start : start + 10])
                self.wfile.flush()
                site.waiting.set()
                site.over.wait(30)
                self.close_connection = True
                return
            drops = site.drop.get(self.path) or [None]
            cut = drops.pop(0)
            self.wfile.write(data[start:] if cut is None else data[start : start + cut])
            self.close_connection = cut is not None

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(found))
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    found.over.set()
    server.shutdown()
    server.server_close()


@dataclass
class Repository:
    """A git repository; `commit(message, **files)` gives the new commit."""

    path: Path

    def git(self, *args: str) -> str:
        env = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A U Thor",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "A U Thor",
            "GIT_COMMITTER_EMAIL": "a@example.com",
        }
        argv = ["git", "-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false", *args]
        done = subprocess.run(argv, cwd=self.path, env=env, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, message: str, files: dict[str, str]) -> str:
        write_files(self.path, files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Callable[[str], Repository]:
    """repository("name") makes an empty one below the test's folder."""

    def make(name: str) -> Repository:
        found = Repository(tmp_path / name)
        found.path.mkdir(parents=True)
        found.git("init", "--quiet", "--initial-branch", "main")
        return found

    return make


@pytest.fixture
def tar_of() -> Callable[[Path, Sequence[tuple[str, str]]], Path]:
    """tar_of(path, [(name, text), ...]) writes a .tar.gz."""
    import io
    import tarfile

    def make(path: Path, files: Sequence[tuple[str, str]]) -> Path:
        with tarfile.open(path, "w:gz") as tar:
            for name, text in files:
                info = tarfile.TarInfo(name)
                info.size = len(text.encode())
                tar.addfile(info, io.BytesIO(text.encode()))
        return path

    return make
