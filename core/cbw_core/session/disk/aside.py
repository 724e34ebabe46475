"""What tests must not lean on: the work folder and the host prefix have other names while they run, as conda-build
moves or removes them before (conda_build.build.test, bundle_conda). A session that was killed meanwhile gets them back
when it is opened next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbw_core.layout import Layout
from cbw_core.session.disk import trees


def moved(layout: Layout) -> dict[Path, Path]:
    """Folder -> its name while tests run."""
    return {layout.work: layout.root / "work_moved", layout.host_prefix: layout.root / "_h_env_moved"}


@contextmanager
def put_aside(layout: Layout) -> Iterator[None]:
    """The folders renamed; under their names again afterwards, whatever the tests put there."""
    bring_back(layout)
    try:
        for folder, aside in moved(layout).items():
            if folder.is_dir():
                folder.rename(aside)
        yield
    finally:
        bring_back(layout)


def is_aside(layout: Layout) -> bool:
    """Whether tests run, or were killed."""
    return any(aside.is_dir() for aside in moved(layout).values())


def bring_back(layout: Layout) -> None:
    """Give the folders their names again; what took their place meanwhile goes."""
    for folder, aside in moved(layout).items():
        if aside.is_dir():
            if os.path.lexists(folder):
                trees.remove(folder)
            aside.rename(folder)
