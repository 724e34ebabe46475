"""What a phase took of the machine, for the summary and --stats-file: conda_build.utils.PopenWrapper's figures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbw_core.events import Event, Sink, Used
from cbw_core.layout import Layout
from cbw_core.session.model import Phase


@dataclass
class Meter:
    """A sink that passes everything on and adds up what scripts used."""

    sink: Sink
    cpu_user: float = 0.0
    cpu_sys: float = 0.0
    rss: int = 0
    seen: bool = field(default=False)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Used):
            self.cpu_user, self.cpu_sys = self.cpu_user + event.cpu_user, self.cpu_sys + event.cpu_sys
            self.rss, self.seen = max(self.rss, event.rss), True
        self.sink(event)

    def figures(self, phase: Phase, layout: Layout, seconds: float) -> Mapping[str, Any]:
        """elapsed, cpu_user, cpu_sys in seconds; rss and disk in bytes: of the largest process, of the folder the
        scripts ran in. Empty for a phase that ran no script."""
        if not self.seen:
            return {}
        folder = layout.test_dir if phase is Phase.TEST else layout.work
        return {
            "elapsed": round(seconds, 3),
            "cpu_user": round(self.cpu_user, 3),
            "cpu_sys": round(self.cpu_sys, 3),
            "rss": self.rss,
            "disk": size_below(folder),
        }


def size_below(folder: Path) -> int:
    """Bytes of the files below a folder; what vanishes meanwhile, or may not be read, counts for nothing."""
    total = 0
    pending = [str(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return total
