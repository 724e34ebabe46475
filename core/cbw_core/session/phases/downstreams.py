"""`test/downstreams`: packages that need the one just built, tested with it (conda_build.build.build_tree)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cbw_core import channel, env, test
from cbw_core.errors import CbwError, EnvironmentFailure
from cbw_core.events import Note, Progress, Sink
from cbw_core.process import Cancel
from cbw_core.render.output import Resolved
from cbw_core.session import making, register
from cbw_core.session.folder import SessionFolder
from cbw_core.session.model import Phase
from cbw_core.session.phases.work import Work
from cbw_core.test.packaged import read_info, record_of


def check(session: SessionFolder, work: Work) -> list[str]:
    """Run the tests of each package that `test/downstreams` names, in a session of its own inside of this one's folder,
    with the package of this session; their dists.

    One that cannot be installed along with it is a warning, as in conda-build. Raises what its tests raise.
    """
    tested = []
    for spec in test.plan_for(session.output).downstreams:
        found = _solved(session, spec, work.sink, work.cancel)
        if found is not None:
            _test_one(session, found, work)
            tested.append(found.dist)
    if tested:
        register.remember(session.config, session.root, session.recipe)
    return tested


def _exact(session: SessionFolder) -> str:
    return " ".join(session.output.dist.rsplit("-", 2))


def _solved(session: SessionFolder, spec: str, sink: Sink, cancel: Cancel) -> Resolved | None:
    """The downstream package that is installed along with ours; None, with a warning, where there is none."""
    output = session.output
    resolver = env.ChannelResolver(session.config, sink=sink, cancel=cancel, environ=session.environ)
    try:
        solved = resolver.solve(
            (_exact(session), spec, *output.requirements.run),
            output.host_subdir,
            env="test",
            siblings=(record_of(read_info(session.package)),),
        )
    except EnvironmentFailure as error:
        if error.kind not in ("solve", "missing-package"):
            raise
        text = f"downstream {spec} is not tested: it cannot be installed along with {output.dist}: {error.why}"
        sink(Note(text, "warning", "test"))
        return None
    finally:
        resolver.close()
    return next(package for package in solved if package.name == spec.split()[0].lower())


def _test_one(session: SessionFolder, package: Resolved, work: Work) -> None:
    folder = session.root / "downstreams"
    mine = session.config
    config = replace(mine, channels=(str(session.package.parent.parent), *mine.channels), extra_deps=(_exact(session),))
    file = _file(package, folder / "packages", work.sink, work.cancel)
    work.sink(Note(f"downstream {package.dist} is tested with {session.output.dist}", "info", "test"))
    child = SessionFolder(making.for_package(file, config, folder / package.name), environ=session.environ)
    child.helping = True
    try:
        work.run(child, Phase.TEST)
    except CbwError as error:
        error.message = f"downstream {package.dist}: {error.message}"
        error.args = (error.message,)
        raise


def _file(package: Resolved, folder: Path, sink: Sink, cancel: Cancel) -> Path:
    """The package as a file: where its channel has it on this machine, or downloaded into a channel of its own."""
    from cbw_core.source.download import DownloadFailed, Patience, download

    if package.url.startswith("file://"):
        return Path(unquote(urlsplit(package.url).path))
    target = folder / package.subdir / package.file_name
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)

        def told(done: int, total: int | None) -> None:
            sink(Progress(f"downloading {package.file_name}", done, total, "bytes", finished=done == total))

        try:
            download(package.url, target, on_bytes=told, cancel=cancel, patience=Patience())
        except DownloadFailed as error:
            raise EnvironmentFailure(
                f"{package.file_name} cannot be downloaded", kind="network", why=str(error), hint="Try again later."
            ) from error
    channel.index(folder)
    return target
