"""A channel on a local HTTP server that asks for logins, redirects, packs or fails as a test wants it."""

from __future__ import annotations

import base64
import gzip
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Server:
    """What a server does, to be changed while it runs, and what it was asked.

    login: "user:password", or "t/TOKEN" for one in the path. redirect: /old/... leads to /new/.... status: answers this
    to everything below /new; missing: names of files that are not there; packed: sends JSON gzipped. asked: (path,
    Authorization) of each request.
    """

    folder: Path
    login: str = ""
    redirect: bool = False
    status: int = 0
    missing: tuple[str, ...] = ()
    packed: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def files(self) -> list[str]:
        """Names of the files asked for."""
        return [path.rpartition("/")[2] for path, _ in self.asked]


@contextmanager
def serving(folder: Path, *, certificate: Path | None = None) -> Iterator[Server]:
    """Serve a channel's folder below http://127.0.0.1:PORT/new; https with a certificate (a file with its key)."""
    state = Server(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path.startswith("http://"):  # asked as a proxy
                path = "/" + path.split("/", 3)[3]
            state.asked.append((self.path, self.headers.get("Authorization", "")))
            if state.redirect and path.startswith("/old/"):
                self.answer(302, b"", Location=path.replace("/old/", "/new/", 1))
                return
            if state.login.startswith("t/"):
                if not path.startswith(f"/{state.login}/"):
                    self.answer(401, b"no token")
                    return
                path = path.removeprefix(f"/{state.login}")
            elif state.login:
                wanted = "Basic " + base64.b64encode(state.login.encode()).decode()
                if self.headers.get("Authorization") != wanted:
                    self.answer(401, b"no login", **{"WWW-Authenticate": 'Basic realm="channel"'})
                    return
            if state.status:
                self.answer(state.status, b"it is so")
                return
            file = state.folder / path.removeprefix("/new/")
            if not path.startswith("/new/") or not file.is_file() or file.name in state.missing:
                self.answer(404, b"not there")
                return
            data = file.read_bytes()
            if state.packed and file.suffix == ".json" and "gzip" in self.headers.get("Accept-Encoding", ""):
                self.answer(200, gzip.compress(data), **{"Content-Encoding": "gzip"})
            else:
                self.answer(200, data)

        def answer(self, status: int, data: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    state.url = f"{scheme}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
