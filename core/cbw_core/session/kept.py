"""What a session keeps for itself in .cbw: trees as they were, lists of what they held, edits made by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cbw_core.layout import Layout
from cbw_core.session.disk.snapshot import Snapshot


@dataclass(frozen=True)
class Kept:
    """Paths and snapshots in the private folder of a session. None of them need exist."""

    layout: Layout

    def _file(self, name: str) -> Path:
        return self.layout.private / name

    @property
    def work(self) -> Snapshot:
        """The work folder as source left it."""
        return Snapshot(self.layout.work, self.layout.private, "work")

    @property
    def made(self) -> Snapshot:
        """What the build put into the host prefix, as it left it: post begins from there."""
        return Snapshot(self.layout.host_prefix, self.layout.private, "made")

    @property
    def begun(self) -> Path:
        """Manifest of the work folder as the last build found it."""
        return self._file("work-begun.json")

    @property
    def built(self) -> Path:
        """Manifest of the work folder as the last build left it; absent when that was killed."""
        return self._file("work-built.json")

    @property
    def host(self) -> Path:
        """Manifest of the host prefix with its packages and nothing else."""
        return self._file("host.json")

    @property
    def build_env(self) -> Path:
        """Manifest of the build prefix with its packages and nothing else."""
        return self._file("build-env.json")

    @property
    def taken_over(self) -> Path:
        """List of the files in the host prefix that come from the top-level build."""
        return self._file("taken-over.json")

    @property
    def ready(self) -> Path:
        """Manifest of the host prefix as env left it: packages, and files from the top-level build."""
        return self._file("host-ready.json")

    @property
    def scripts(self) -> Path:
        """Name -> digest of the scripts in the work folder, as we wrote them."""
        return self._file("scripts.json")

    @property
    def script(self) -> Path:
        """The build script's text as the recipe had it when conda_build.sh was written from it."""
        return self._file("script.json")

    @property
    def edited(self) -> Path:
        """Phases whose scripts went on with an edited text in their last run, with that text."""
        return self._file("edited.json")

    @property
    def edits(self) -> Path:
        """Files of the work folder as a person changed them, which go into the next build."""
        return self._file("edits")

    @property
    def removed(self) -> Path:
        """List of what a person removed from the work folder: the next build begins without it."""
        return self._file("removed-by-hand.json")

    @property
    def live(self) -> Path:
        """Changes that a person made to the environments."""
        return self._file("env-changes.json")

    @property
    def post_result(self) -> Path:
        return self._file("post.json")

    @property
    def tested(self) -> Path:
        """What the test environment was made for; absent while it is made."""
        return self._file("tested.json")

    @property
    def breakpoints(self) -> Path:
        """Where the debugger is to stop the scripts of this session."""
        return self._file("breakpoints.json")

    @property
    def timeline(self) -> Path:
        """What each line of the build script took and made, where the last build was recorded."""
        return self._file("timeline.json")

    @property
    def timeline_before(self) -> Path:
        """The one of the recorded build before that."""
        return self._file("timeline-before.json")

    @property
    def rendering(self) -> Path:
        return self._file("rendering.json")
