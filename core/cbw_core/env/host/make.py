"""The making of a host channel: its key, its lock, its staging folder, and what tells that it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from cbw_core.config import Config
from cbw_core.env.host.compilers import Toolchain, compiler_packages, find_programs, supports
from cbw_core.env.host.interpreter import Interpreter, base_executable, describe
from cbw_core.env.host.python import python_packages
from cbw_core.env.host.stage import MAKER, HostPackage, write
from cbw_core.env.host.tools import find_tools, tool_packages
from cbw_core.env.host.wheel import Wheel, read_wheel, wheel_packages
from cbw_core.env.host.wheels import NEEDED, Fetcher, fetch_needed, fetch_usual, find_pip, usual
from cbw_core.errors import EnvironmentFailure, from_os_error
from cbw_core.events import Note, Progress, Sink
from cbw_core.platforms import native_subdir
from cbw_core.process import Cancel

_MANIFEST = "host-channel.json"
_TASK = "host channel"
# How many packages there usually are; how many there will be is known only when pip has resolved.
_EXPECTED = 50


def host_channel(config: Config, *, sink: Sink, cancel: Cancel | None) -> Path:
    """See `cbw_core.env.host.host_channel`."""
    subdir, glibc = _machine()
    executable, programs, tools = base_executable(), find_programs(), find_tools()
    home = config.cache / "host-channel"
    channel = home / _key(executable, glibc, subdir, {**programs, **tools})
    if _whole(channel):
        return channel
    interpreter = describe(executable)
    try:
        with _locked(home, channel.name, sink, cancel):
            if _whole(channel):
                return channel
            with _staging(home, channel.name) as staging:
                toolchain = Toolchain(subdir, glibc, programs) if programs and supports(subdir) else None
                machine = Machine(interpreter, toolchain, tools, subdir, glibc)
                _Making(config, machine, home, staging, sink, cancel).make()
                if channel.exists():
                    channel.replace(staging / "damaged")
                (staging / "channel").replace(channel)
    except OSError as error:
        raise from_os_error(error, "making the host channel") from error
    return channel


@dataclass(frozen=True)
class Machine:
    """What is packed. tools: program name -> path. toolchain: None without a gcc."""

    interpreter: Interpreter
    toolchain: Toolchain | None
    tools: dict[str, str]
    subdir: str
    glibc: str


def _machine() -> tuple[str, str]:
    """The subdir and the glibc version of this machine. Raises EnvironmentFailure where no host channel is made."""
    subdir = native_subdir()
    try:
        library = os.confstr("CS_GNU_LIBC_VERSION") if sys.platform == "linux" else None
    except (ValueError, OSError):
        library = None
    if library is None:
        raise EnvironmentFailure(
            f"the host channel cannot be made on this machine ({subdir})",
            kind="host-channel",
            why="It is made on Linux with glibc only, for now.",
            hint="Use a conda channel: -c conda-forge.",
        )
    return subdir, library.split()[-1]


def _key(executable: Path, glibc: str, subdir: str, programs: dict[str, str]) -> str:
    """The channel's name: the Python's version, and a digest of all that goes in (files by path, size and time)."""
    facts = [str(MAKER), sys.version, sys.implementation.name, str(executable), glibc, subdir]
    for name, path in [("python", str(executable)), *sorted(programs.items())]:
        found = Path(path).resolve().stat()
        facts += [name, path, str(found.st_size), str(found.st_mtime_ns)]
    digest = hashlib.sha256("\0".join(facts).encode()).hexdigest()[:12]
    return f"py{sys.version_info[0]}{sys.version_info[1]}-{digest}"


def _whole(channel: Path) -> bool:
    """Whether a channel is there with every file it was made with (by size: the folder appeared in one step)."""
    try:
        sizes = json.loads((channel / _MANIFEST).read_text())["files"]
        return all((channel / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError, AttributeError):
        return False


@contextmanager
def _locked(home: Path, key: str, sink: Sink, cancel: Cancel | None) -> Iterator[None]:
    """One maker at a time, over all processes."""
    from filelock import FileLock, Timeout

    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / f"{key}.lock")
    told = False
    while True:
        try:
            lock.acquire(timeout=0.5 if told else 0)
            break
        except Timeout:
            if cancel is not None:
                cancel.check()
            if not told:
                sink(Note("another cbw makes the host channel; waiting for it"))
                told = True
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _staging(home: Path, key: str) -> Iterator[Path]:
    """A folder to make a channel in. What killed makers of the same channel left is removed first."""
    for left in home.glob(f".making-{key}-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = home / f".making-{key}-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Making:
    """One making, in two threads: Python, compilers and tools; and wheels, which wait for the network."""

    def __init__(
        self, config: Config, machine: Machine, home: Path, staging: Path, sink: Sink, cancel: Cancel | None
    ) -> None:
        self.config, self.machine, self.staging, self.sink = config, machine, staging, sink
        # What the work looks at: asked for by the caller, or by the first thread that fails.
        self.cancel, self._asked = Cancel(), cancel
        self.channel = staging / "channel"
        self.wheels = staging / "wheels"
        self.kept = home / "wheels"
        self._lock = Lock()
        self._done = 0
        self._total = _EXPECTED
        self._error: BaseException | None = None

    def make(self) -> None:
        machine = self.machine
        self.sink(
            Note(
                f"making the host channel from Python {machine.interpreter.version} at {machine.interpreter.prefix} "
                "and this machine's compilers and tools; this is done once"
            )
        )
        if machine.toolchain is None:
            self.sink(Note("there is no gcc: the host channel will have no compilers", level="warning"))
        for folder in (self.channel / machine.subdir, self.channel / "noarch", self.wheels, self.kept):
            folder.mkdir(parents=True, exist_ok=True)
        forget = self._asked.on_request(self.cancel.request) if self._asked is not None else lambda: None
        try:
            with ThreadPoolExecutor(2, thread_name_prefix="host-channel") as pool:
                try:
                    wait([pool.submit(self._guarded, work) for work in (self._native, self._wheels)])
                except BaseException:  # Ctrl-C in this thread: the pool waits for the others, so end them
                    self.cancel.request()
                    raise
        finally:
            forget()
        if self._error is not None:
            raise self._error
        self._index()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Keep the first error, and end the other thread's work because of it."""
        try:
            work()
        except BaseException as error:
            with self._lock:
                self._error = self._error or error
            self.cancel.request()

    def _native(self) -> None:
        machine = self.machine
        interpreter, glibc, subdir = machine.interpreter, machine.glibc, machine.subdir
        self._say(f"python {interpreter.version}")
        folder = self.staging / "python"
        self._write(python_packages(interpreter, folder, glibc=glibc, subdir=subdir, cancel=self.cancel))
        if machine.toolchain is not None:
            self._write(compiler_packages(machine.toolchain))
        self._write(tool_packages(machine.tools, subdir))

    def _wheels(self) -> None:
        interpreter = self.machine.interpreter
        fetcher = Fetcher(
            find_pip(Path(sys.executable), interpreter.executable),
            self.wheels,
            self.kept,
            self.config.offline,
            self.sink,
            self.cancel,
        )
        done: set[str] = set()
        for requirements in NEEDED:
            fetch_needed(fetcher, requirements)
        self._pack_wheels(done)
        for wanted in usual(interpreter):
            self.cancel.check()
            fetch_usual(fetcher, wanted)
            self._pack_wheels(done)

    def _pack_wheels(self, done: set[str]) -> None:
        """Pack the wheels that came since; then keep them for another making."""
        machine = self.machine
        for path in sorted(self.wheels.glob("*.whl")):
            if path.name in done:
                continue
            self.cancel.check()
            done.add(path.name)
            wheel: Wheel = read_wheel(path)
            folder = self.staging / "compiled" / path.name
            self._write(
                wheel_packages(
                    wheel, machine.interpreter, folder, glibc=machine.glibc, subdir=machine.subdir, cancel=self.cancel
                )
            )
            shutil.copyfile(path, self.kept / f".{path.name}.part")
            (self.kept / f".{path.name}.part").replace(self.kept / path.name)

    def _write(self, packages: Iterable[HostPackage]) -> None:
        for package in packages:
            self.cancel.check()
            write(package, self.channel, cancel=self.cancel)
            with self._lock:
                self._done += 1
            self._say(f"{package.name} {package.version}")

    def _say(self, item: str, finished: bool = False) -> None:
        total = self._done if finished else max(self._total, self._done + 1)
        self.sink(Progress(_TASK, self._done, total, item=item, finished=finished))

    def _index(self) -> None:
        from cbw_core.channel import index

        self._say("index")
        index(self.channel)
        files = sorted(path for path in self.channel.rglob("*") if path.is_file() and not path.name.startswith("."))
        interpreter = self.machine.interpreter
        manifest = {
            "maker": MAKER,
            "python": str(interpreter.executable),
            "python_version": interpreter.full_version,
            "glibc": self.machine.glibc,
            "subdir": self.machine.subdir,
            "files": {path.relative_to(self.channel).as_posix(): path.stat().st_size for path in files},
        }
        (self.channel / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        self._say("done", finished=True)
