"""A session as the folder it is: what is known of one output of one recipe, and who works on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from cbw_core import build
from cbw_core.config import Config
from cbw_core.errors import UsageError, from_os_error
from cbw_core.layout import Layout
from cbw_core.render.output import Output
from cbw_core.session import ledger as ledgers
from cbw_core.session import register, rendering
from cbw_core.session.disk import aside, locks
from cbw_core.session.kept import Kept
from cbw_core.session.ledger import Ledger
from cbw_core.session.model import Phase
from cbw_core.session.rendering import Rendering

if TYPE_CHECKING:
    from cbw_core.trace import Debugger

T = TypeVar("T")


class _Cached(Generic[T]):
    """A file's data, read again when the file is another one: our files are replaced, never written into."""

    def __init__(self, file: Path, read: Callable[[Path], T]) -> None:
        self._file, self._read = file, read
        self._known: tuple[tuple[int, int, int], T] | None = None

    @property
    def value(self) -> T:
        try:
            info = self._file.stat()
        except FileNotFoundError:
            return self._read(self._file)  # which says what is missing
        key = (info.st_ino, info.st_mtime_ns, info.st_size)
        if self._known is None or self._known[0] != key:
            self._known = (key, self._read(self._file))
        return self._known[1]


class SessionFolder:
    """A session's folder, opened. Everything it knows is on disk: two of one folder agree. What is done with it stands
    above it: phases are functions over it, and `Session` is this with the ways to run them."""

    def __init__(self, root: Path, *, environ: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.environ: Mapping[str, str] = dict(os.environ) if environ is None else environ
        self._ledger = _Cached(root / "ledger.json", ledgers.read)
        # it runs because another output needs it: that one stays the session a person works in
        self.helping = False
        # its build goes on in the work folder and prefix as the last run left them
        self.dirty = False
        # what stops the scripts of this session's phases on their way; they run in the thread that called `run`
        self.debugger: Debugger | None = None

    # -- what it is -----------------------------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        return self._ledger.value

    @cached_property
    def config(self) -> Config:
        return Config.from_json(self.ledger.config)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.root, self.config.prefix_length, self.config.long_test_prefix)

    @cached_property
    def kept(self) -> Kept:
        return Kept(self.layout)

    @cached_property
    def is_package(self) -> bool:
        """Whether it was made for a package file: only its test phase is to run."""
        return self.ledger.kind == "package"

    @cached_property
    def recipe(self) -> Path:
        """The recipe's folder or meta.yaml as it was given; the package for a package's session."""
        return Path(self.ledger.target)

    @cached_property
    def _rendering(self) -> _Cached[Rendering]:
        return _Cached(self.kept.rendering, rendering.read)

    @property
    def rendering(self) -> Rendering:
        return self._rendering.value

    @cached_property
    def _output(self) -> _Cached[Output]:
        return _Cached(self.kept.rendering, rendering.read_chosen)

    @property
    def output(self) -> Output:
        """The output as last rendered."""
        return self._output.value

    def keep_rendering(self, fresh: Rendering, output: Output) -> None:
        rendering.write(self.kept.rendering, fresh.choosing(output))

    @property
    def package(self) -> Path:
        """The package under test. UsageError when there is none yet."""
        made = str(self.recipe) if self.is_package else self.ledger[Phase.PACKAGE].result.get("package")
        if not made or not Path(made).exists():
            raise UsageError(
                f"there is no package of {self.output.name} to test",
                kind="session",
                hint="`cbw run package` makes it.",
            )
        return Path(made)

    # -- the other outputs of the recipe --------------------------------------------------------------------------

    @cached_property
    def parent(self) -> Self | None:
        """The session this one was made for: the folder it lies in belongs to that one."""
        if self.ledger.parent is None:
            return None
        beside = self.root.parent.parent  # also when the whole has been moved
        root = beside if (beside / "ledger.json").is_file() else Path(self.ledger.parent)
        return type(self)(root, environ=self.environ)

    @property
    def head(self) -> Self:
        """The session that stands for the recipe: this one, or the one it was made for."""
        return self.parent or self

    def siblings(self) -> tuple[Self, ...]:
        """The sessions that were made for other outputs of the recipe; they lie in the head's folder."""
        ledgers_ = sorted(self.root.glob("outputs/*/ledger.json"))
        return tuple(type(self)(file.parent, environ=self.environ) for file in ledgers_)

    @property
    def needed_outputs(self) -> tuple[Output, ...]:
        """The outputs of this recipe that this one's build or host environment needs, in build order."""
        if self.is_package:
            return ()
        mine = self.output
        return tuple(o for o in self.rendering.outputs if o.dist in mine.siblings and o.dist != mine.dist)

    @property
    def base_output(self) -> Output | None:
        """The top level whose build this output starts from: there is one when the recipe has a script of its own
        above its outputs (conda-build runs it first and hands its files to the outputs)."""
        if self.is_package or not self.output.is_output or not self.rendering.toplevel:
            return None
        mine = self.output
        tops = self.rendering.toplevel
        top = max(tops, key=lambda t: sum(t.variant.get(k) == v for k, v in mine.variant.items()))
        return None if build.script_of(top) is None else top

    # -- work on it -----------------------------------------------------------------------------------------------

    def save(self, book: Ledger) -> None:
        ledgers.write(self.layout.ledger, book)

    def record(self, phase: Phase, **changes: Any) -> None:
        """Change fields of a phase's PhaseRecord in the ledger."""
        self.save(self.ledger.with_phase(phase, **changes))

    @contextmanager
    def working(self) -> Iterator[None]:
        """Hold the session while its files are changed, and make it the last one used."""
        with locks.held(self.root):
            try:
                aside.bring_back(self.layout)
                if not self.helping:
                    register.remember(self.config, self.root, self.recipe)
                yield
            except OSError as error:
                raise from_os_error(error, f"working in the session {self.root}") from error
