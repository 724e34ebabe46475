"""install: make a prefix that holds exactly the given packages."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from shlex import quote
from typing import Any

from cbw_core.channel import Worker
from cbw_core.config import Config
from cbw_core.env.cache import sweep
from cbw_core.env.channels import channels_of, redact
from cbw_core.env.network import access
from cbw_core.env.prefix import changes, is_installed, remove_added, remove_marker, write_marker
from cbw_core.env.record_data import whole
from cbw_core.errors import CbwError, EnvironmentFailure, Place, from_os_error
from cbw_core.events import Note, Progress, Sink, silent
from cbw_core.platforms import native_subdir
from cbw_core.process import Cancel
from cbw_core.render.output import Resolved


def install(
    packages: Sequence[Resolved],
    prefix: Path,
    *,
    config: Config,
    sink: Sink = silent,
    cancel: Cancel | None = None,
    environ: Mapping[str, str] | None = None,
    worker: Worker | None = None,
) -> bool:
    """Make `prefix` (absolute) hold exactly `packages` and nothing else.

    A prefix whose install of the same packages came to its end is kept: files added since are removed; with any other
    change it is made anew. Files are copies (or reflinks), never hard links into the package cache, since a build
    script may edit them. post-link scripts run. An install that was interrupted is never taken for a whole one.
    Raises Interrupted, and EnvironmentFailure: "network" (a download), "package" (an archive that is not what the
    channel says), "link-script", "link" (anything else, a prefix too long for a binary among it), "disk".

    worker: a child to work in, for several installs in a row; None: one of its own. Returns whether the prefix was made
    anew.
    """
    environ = os.environ if environ is None else environ
    cancel = cancel or Cancel()
    cancel.check()
    for package in packages:
        if not package.url:
            raise EnvironmentFailure(
                f"{package.dist} is not built yet and cannot be installed",
                kind="solve",
                why="It is an output of this recipe that this environment needs.",
                hint=f"Build the output {package.name} first.",
            )
    try:
        if _kept(packages, prefix):
            return False
        remove_marker(prefix)
        _wipe(prefix, cancel)
        (prefix / "conda-meta").mkdir(parents=True)
        if packages:
            _link(packages, prefix, config, sink, cancel, environ, worker)
        _write_history(prefix, packages)
        (prefix / "CACHEDIR.TAG").unlink(missing_ok=True)  # rattler's, no package's
        write_marker(packages, prefix)
    except OSError as error:
        raise from_os_error(error, f"making the environment {prefix}") from None
    return True


def _kept(packages: Sequence[Resolved], prefix: Path) -> bool:
    """Whether the prefix is right already, or was by removing what has been added to it."""
    if not is_installed(packages, prefix):
        return False
    found = changes(prefix)
    if found is None or found.removed or found.modified:
        return False
    remove_added(prefix, found)
    return True


def _link(
    packages: Sequence[Resolved],
    prefix: Path,
    config: Config,
    sink: Sink,
    cancel: Cancel,
    environ: Mapping[str, str],
    worker: Worker | None,
) -> None:
    remote = any(not package.url.startswith("file:") for package in packages)
    payload = {
        "packages": [whole(package) for package in packages],
        "prefix": str(prefix),
        "cache": str(config.cache / "pkgs"),
        "platform": _platform(packages),
        "offline": config.offline,
        "access": access(channels_of(config, environ), environ) if remote else {},
    }
    (config.cache / "pkgs").mkdir(parents=True, exist_ok=True)
    sweep(config)
    with nullcontext(worker) if worker is not None else Worker(environ) as child:
        failure = child.call("cbw_core.env.install_job:install", payload, on_event=_teller(sink), cancel=cancel)
    if failure is not None:
        raise _script_failed(failure, prefix) if failure["kind"] == "script" else _failed(failure, packages, prefix)
    for path, name in _clobbered(prefix):
        sink(Note(f"{path} comes with several packages; the one of {name} is in __clobbers__/{name}/", "warning"))


def _platform(packages: Sequence[Resolved]) -> str:
    """The platform of the environment: the one subdir that is not noarch. It decides where entry points go."""
    return next((package.subdir for package in packages if package.subdir != "noarch"), native_subdir())


def _teller(sink: Sink) -> Callable[[dict[str, Any]], None]:
    def tell(event: dict[str, Any]) -> None:
        sink(Progress(**event))

    return tell


def _failed(failure: Mapping[str, str], packages: Sequence[Resolved], prefix: Path) -> CbwError:
    text = redact(failure["text"])
    lines = [line.removeprefix("Caused by: ") for line in text.splitlines() if line.strip()]
    package = next((p for p in packages if (p.file_name and p.file_name in text) or p.dist in text), None)
    what = package.dist if package else "a package"
    if failure["kind"] == "offline":
        return EnvironmentFailure(
            f"{failure['text']} is not in the package cache, and cbw is offline",
            kind="network",
            hint="Run once with the network.",
        )
    if "placeholder" in text or "prefix is too long" in text.lower() or "too long" in text:
        return EnvironmentFailure(
            f"{what} cannot be installed into a prefix of {len(str(prefix))} characters",
            kind="link",
            why=lines[-1] if lines else None,
            hint="Use a shorter folder (--croot), or a shorter --prefix-length.",
            details=text,
        )
    if any(word in text for word in ("error sending request", "status code", "HTTP status", "status client error")):
        return EnvironmentFailure(
            f"{what} could not be downloaded",
            kind="network",
            why=lines[-1] if lines else None,
            hint="Check the network, and that the channel still has the file.",
            details=text,
        )
    kind = "package" if (package and "extract" in text.lower()) or "hash" in text.lower() else "link"
    return EnvironmentFailure(
        f"{what} could not be installed",
        kind=kind,
        why=lines[-1] if lines else None,
        hint="Index the channel again if the file changed; else run it again.",
        details=text,
    )


def _script_failed(failure: Mapping[str, Any], prefix: Path) -> EnvironmentFailure:
    """A link script tells the user through .messages.txt (conda.core.link.run_script), or just prints."""
    messages = prefix / ".messages.txt"
    told = messages.read_text(errors="replace").strip() if messages.is_file() else ""
    printed = failure["text"].strip()
    last = (told or printed).splitlines()[-1:]
    script = prefix / "bin" / f".{failure['name']}-post-link.sh"
    return EnvironmentFailure(
        f"the post-link script of {failure['name']} failed with status {failure['status']}",
        kind="link-script",
        place=Place(str(script)),
        why=last[0] if last else "It said nothing.",
        hint=f"To see more: PREFIX={quote(str(prefix))} bash -x {quote(str(script))}",
        details="\n".join(text for text in (told, printed) if text) or None,
    )


def _clobbered(prefix: Path) -> list[tuple[str, str]]:
    root = prefix / "__clobbers__"
    if not root.is_dir():
        return []
    files = (file.relative_to(root) for file in root.rglob("*") if file.is_symlink() or not file.is_dir())
    return sorted((file.relative_to(file.parts[0]).as_posix(), file.parts[0]) for file in files)


def _write_history(prefix: Path, packages: Sequence[Resolved]) -> None:
    """conda-meta/history: what makes a folder an environment to conda (conda.history)."""
    lines = [time.strftime("==> %Y-%m-%d %H:%M:%S <=="), "# cmd: cbw"]
    lines += sorted(f"+{package.channel}/{package.subdir}::{package.dist}" for package in packages)
    (prefix / "conda-meta" / "history").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _wipe(prefix: Path, cancel: Cancel) -> None:
    if prefix.is_symlink() or prefix.is_file():
        prefix.unlink()
    elif prefix.exists():
        _remove(str(prefix), cancel)


def _remove(folder: str, cancel: Cancel) -> None:
    """shutil.rmtree that can be cancelled, and that gets through folders a build left without the right to write."""
    cancel.check()
    mode = Path(folder).stat().st_mode
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        Path(folder).chmod(mode | stat.S_IRWXU)
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                _remove(entry.path, cancel)
            else:
                os.unlink(entry.path)  # noqa: PTH108 (thousands of them)
    Path(folder).rmdir()
