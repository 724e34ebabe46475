"""The folder of a session: the names conda-build gives its parts, and ours beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_PLACEHOLDER = "_placehold"


def padded_prefix(folder: Path, first: str, length: int) -> Path:
    """`folder/first` padded with "_placehold" to exactly `length` characters (conda_build.config.Config.host_prefix).

    A path already longer than `length` is returned without padding: the caller decides whether that is an error.
    """
    base = str(folder / first)
    repeats = (length - len(base)) // len(_PLACEHOLDER) + 1
    return Path((base + _PLACEHOLDER * max(repeats, 0))[: max(length, len(base))])


@dataclass(frozen=True)
class Layout:
    """Paths inside a session folder `root` (absolute). None of them need exist.

    work/ … conda_test_runner.sh are where `conda debug` puts them; ledger.json, events.jsonl, logs/ and .cbw/ are ours.
    """

    root: Path
    prefix_length: int = 255
    long_test_prefix: bool = True

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def build_prefix(self) -> Path:
        return self.root / "_build_env"

    @property
    def host_prefix(self) -> Path:
        return padded_prefix(self.root, "_h_env", self.prefix_length)

    @property
    def test_prefix(self) -> Path:
        if not self.long_test_prefix:
            return self.root / "_test_env"
        return padded_prefix(self.root, "_test_env", self.prefix_length)

    @property
    def test_dir(self) -> Path:
        """Where tests run (conda-build: test_tmp)."""
        return self.root / "test_tmp"

    @property
    def info(self) -> Path:
        """Where info/ is put together before it is packed."""
        return self.root / ".cbw" / "info"

    @property
    def pip_cache(self) -> Path:
        return self.root / "pip_cache"

    @property
    def env_file(self) -> Path:
        return self.work / "build_env_setup.sh"

    @property
    def build_file(self) -> Path:
        return self.work / "conda_build.sh"

    @property
    def test_env_file(self) -> Path:
        return self.test_dir / "conda_test_env_vars.sh"

    @property
    def test_runner(self) -> Path:
        return self.test_dir / "conda_test_runner.sh"

    @property
    def prefix_files(self) -> Path:
        """What the host prefix held before the build, a line each (conda-build: prefix_files.txt)."""
        return self.root / "prefix_files.txt"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.json"

    @property
    def events(self) -> Path:
        return self.root / "events.jsonl"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def private(self) -> Path:
        """What nobody but cbw reads: snapshots, manifests, locks."""
        return self.root / ".cbw"

    def log(self, phase: str) -> Path:
        return self.logs / f"{phase}.log"
