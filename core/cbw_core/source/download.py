"""One file over HTTP: streamed, resumed, timed out, cancelled at once."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.errors import from_os_error
from cbw_core.process import Cancel
from cbw_core.source.secrets import redact

if TYPE_CHECKING:
    from requests import Response

_CHUNK = 1 << 17


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, and how often to begin anew after a failure. A try that brought bytes does not
    count."""

    connect: float = 20.0
    read: float = 60.0
    tries: int = 3
    pause: float = 0.5


class DownloadFailed(Exception):
    """This URL does not serve. The message has no secrets in it. `final`: trying again is of no use."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(redact(message))
        self.final = final


OnBytes = Callable[[int, int | None], None]


def download(
    url: str, target: Path, *, on_bytes: OnBytes, cancel: Cancel, patience: Patience, resumable: bool = False
) -> None:
    """Fetch `url` into `target`, which must not be there. What came before a failure is kept beside it as NAME.part and
    continued by the next call for the same URL.

    resumable: the caller checks the content: continue even where the server gives no way to tell that the file is
    still the same. on_bytes: bytes so far, bytes in all (None: not told).
    Raises DownloadFailed, EnvironmentFailure(kind="disk"), Interrupted.
    """
    part = _Part(target, url, resumable)
    failures = 0
    while True:
        cancel.check()
        before = part.size
        try:
            _fetch(url, part, on_bytes, cancel, patience)
            part.finish(target)
            return
        except DownloadFailed as error:
            failures = 0 if part.size > before else failures + 1
            if error.final or failures >= patience.tries:
                raise
        except OSError as error:
            raise from_os_error(error, f"downloading {redact(url)}") from error
        _wait(patience.pause * (1 << failures), cancel)


class _Part:
    """The file being downloaded, NAME.part, and NAME.part.json with what tells whether it may be continued."""

    def __init__(self, target: Path, url: str, resumable: bool) -> None:
        self.path = target.with_name(target.name + ".part")
        self._note = target.with_name(target.name + ".part.json")
        self._url = url
        self._resumable = resumable
        self._told: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            self._told = json.loads(self._note.read_text("utf-8"))
        if self._told.get("url") != redact(url):
            self.drop()

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def validator(self) -> str:
        return str(self._told.get("validator") or "")

    @property
    def can_go_on(self) -> bool:
        return self.size > 0 and (bool(self.validator) or self._resumable)

    def begin(self, response: Response) -> None:
        """A whole file comes: forget what is there."""
        self.drop()
        etag = response.headers.get("ETag", "")
        validator = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")
        self._told = {"url": redact(self._url), "validator": validator}
        self._note.write_text(json.dumps(self._told), "utf-8")

    def drop(self) -> None:
        self._told = {}
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self, target: Path) -> None:
        self.path.touch()
        self.path.replace(target)
        self._note.unlink(missing_ok=True)


def _fetch(url: str, part: _Part, on_bytes: OnBytes, cancel: Cancel, patience: Patience) -> None:
    """One try."""
    import requests
    import urllib3

    headers = {"Accept-Encoding": "identity", "User-Agent": "cbw"}
    if part.can_go_on:
        headers["Range"] = f"bytes={part.size}-"
        if part.validator:
            headers["If-Range"] = part.validator
    try:
        response = _open(url, headers, cancel, patience)
        with response:
            start, total = _accept(response, part)
            _stream(response, part, start, total, on_bytes, cancel)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        cancel.check()
        final = isinstance(
            error,
            (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema),
        )
        raise DownloadFailed(_reason(error), final=final) from error


def _open(url: str, headers: dict[str, str], cancel: Cancel, patience: Patience) -> Response:
    """The answer's head. Asked for in a thread of its own: nothing else can leave a connection that does not answer."""
    import requests

    answer: list[Response] = []
    failure: list[BaseException] = []
    done, lock = threading.Event(), threading.Lock()
    given_up = False

    def ask() -> None:
        try:
            response = requests.get(
                url, headers=headers, stream=True, timeout=(patience.connect, patience.read), allow_redirects=True
            )
            with lock:
                answer.append(response)
                if given_up:
                    response.close()
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    threading.Thread(target=ask, daemon=True, name="cbw-download").start()
    forget = cancel.on_request(done.set)
    done.wait()
    forget()
    with lock:
        given_up = True
        if cancel.requested:
            for response in answer:
                response.close()
            cancel.check()
    if failure:
        raise failure[0]
    return answer[0]


def _accept(response: Response, part: _Part) -> tuple[int, int | None]:
    """Look at the answer's head. Returns where its bytes begin and how many the file has in all."""
    status = response.status_code
    length = response.headers.get("Content-Length", "")
    size = int(length) if length.isdigit() else None
    if status == 206:
        sent, _, whole = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        if sent.partition("-")[0] != str(part.size):
            part.drop()
            raise DownloadFailed("the server sent another part of the file than the one asked for", final=False)
        total = int(whole) if whole.isdigit() else part.size + size if size is not None else None
        return part.size, total
    if status == 416:  # nothing behind what we have: it was changed, or we have it all and cannot know
        part.drop()
        raise DownloadFailed("the server has no such part of the file any more", final=False)
    if status != 200:
        # the server's own trouble may pass; what it says about the file will not
        again = status >= 500 or status in (408, 425, 429)
        raise DownloadFailed(f"the server answers {status} {response.reason or ''}".strip(), final=not again)
    part.begin(response)
    return 0, size


def _stream(response: Response, part: _Part, start: int, total: int | None, on_bytes: OnBytes, cancel: Cancel) -> None:
    raw = response.raw
    done = start
    # shutdown (urllib3 2.3) ends a read that waits in this thread; close alone does not
    forget = cancel.on_request(lambda: getattr(raw, "shutdown", raw.close)())
    try:
        with part.path.open("ab" if start else "wb") as out:
            on_bytes(done, total)
            while chunk := raw.read(_CHUNK, decode_content=False):
                cancel.check()
                out.write(chunk)
                done += len(chunk)
                on_bytes(done, total)
            out.flush()
            os.fsync(out.fileno())
    finally:
        forget()
    cancel.check()
    if total is not None and done != total:
        if done > total:
            part.drop()
        raise DownloadFailed(f"the connection ended after {done} of {total} bytes", final=False)


def _reason(error: Exception) -> str:
    """What went wrong, without the layers of libraries around it."""
    import requests
    import urllib3

    if isinstance(error, requests.exceptions.ConnectTimeout | urllib3.exceptions.ConnectTimeoutError):
        return "the server does not answer"
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return "the server sends nothing any more"
    if isinstance(error, urllib3.exceptions.IncompleteRead | urllib3.exceptions.ProtocolError):
        return "the connection was broken off"
    if isinstance(error, requests.exceptions.SSLError):
        return f"the server's certificate is not trusted: {error}"
    inner: BaseException = error
    while True:
        below = inner.__cause__ or inner.__context__
        if below is None:
            break
        inner = below
    return str(inner) if str(inner) and inner is not error else str(error)


def _wait(seconds: float, cancel: Cancel) -> None:
    asked = threading.Event()
    forget = cancel.on_request(asked.set)
    asked.wait(seconds)
    forget()
    cancel.check()
