"""Parts of a session that go, move or are half done: the session says so and repairs itself."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cbw_core.config import Config
from cbw_core.errors import CbwError, EnvironmentFailure, UsageError
from cbw_core.session import Phase, Session, State, open_session, phases, purge, rendering, sessions
from cbw_core.session.disk import locks, trees
from support.rights import unprivileged
from support.sessions import Start, ran, sha256, stale, states, tree

GONE = {
    "work": "source", "host_prefix": "env", ".cbw/work.pack": "source", ".cbw/work.list.json": "source",
    ".cbw/work.same.json": None, ".cbw/made.pack": "build", ".cbw/host.json": "env", ".cbw/host-ready.json": "env",
    ".cbw/build-env.json": "env", ".cbw/post.json": "post", ".cbw/info": None, ".cbw/lock": None, "logs": None,
    "events.jsonl": None, "test_tmp": None, "prefix_files.txt": None, ".cbw/scripts.json": None,
    ".cbw/work-begun.json": None, ".cbw/work-built.json": None, ".cbw/taken-over.json": None,
}  # fmt: skip


@pytest.mark.parametrize("part", GONE)
def test_a_part_that_is_gone_is_seen_and_made_again(part: str, greeting: Path, start: Start) -> None:
    session = start(greeting)
    session.run(Phase.TEST)
    first = sha256(session)
    trees.remove(session.layout.host_prefix if part == "host_prefix" else session.root / part)
    if GONE[part]:
        assert states(session)[str(GONE[part])] == "stale"
    else:
        assert set(states(session).values()) == {"done"}
    session.run(Phase.TEST)
    session.rerun(Phase.BUILD)
    session.run(Phase.TEST)
    assert sha256(session) == first


def test_a_session_without_its_rendering_is_told_by_name(greeting: Path, start: Start) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    session.kept.rendering.unlink()
    with pytest.raises(UsageError, match=r"rendering\.json") as error:
        open_session(session.root).status()
    assert error.value.hint


def test_a_damaged_file_of_ours_is_told_by_name(greeting: Path, start: Start) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    session.kept.host.write_text("{")
    with pytest.raises(UsageError, match=r"host\.json") as error:
        session.rerun(Phase.BUILD)
    assert error.value.place is not None and error.value.hint


def test_a_moved_session_makes_its_environments_again(greeting: Path, start: Start, tmp_path: Path) -> None:
    session = start(greeting, path=tmp_path / "here-1")
    session.run(Phase.TEST)
    first = sha256(session)
    session.root.rename(tmp_path / "here-2")  # a name of the same length: nothing else tells
    moved = open_session(tmp_path / "here-2", environ=session.environ)
    assert "session folder" in moved.status()[Phase.ENV].why_stale
    moved.run(Phase.TEST)
    assert sha256(moved) == first and "here-1" not in moved.layout.env_file.read_text()


def test_a_copied_session_goes_on_by_itself(greeting: Path, start: Start, tmp_path: Path) -> None:
    session = start(greeting, path=tmp_path / "one")
    session.run(Phase.BUILD)
    before = tree(session.root)
    shutil.copytree(session.root, tmp_path / "two", symlinks=True)
    copy = open_session(tmp_path / "two", environ=session.environ)
    copy.run(Phase.TEST)
    assert tree(session.root) == before


class Killed(BaseException):
    """What a kill looks like from inside: nothing after it runs in this process."""


@pytest.mark.parametrize("phase", (Phase.SOURCE, Phase.ENV, Phase.BUILD, Phase.POST, Phase.PACKAGE))
def test_a_rewind_that_was_killed_leaves_no_phase_done_whose_files_are_gone(
    phase: Phase, greeting: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start(greeting)
    session.run(Phase.TEST)
    first = sha256(session)
    undo = phases.CODE[phase].undo

    def killed(*arguments: object) -> None:
        undo(*arguments)  # type: ignore[arg-type]
        raise Killed

    patched = {**phases.CODE, phase: phases.PhaseCode(**{**vars(phases.CODE[phase]), "undo": killed})}
    with monkeypatch.context() as during, pytest.raises(Killed):
        during.setattr(phases, "CODE", patched)
        session.rewind(phase)
    assert states(session)[phase.value] == "interrupted"
    session.run(Phase.TEST)
    assert set(states(session).values()) == {"done"} and sha256(session) == first


def test_a_render_killed_between_its_two_files_keeps_the_variant(
    recipe: Callable[..., Path], start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = recipe(
        "flavours",
        "package: {name: flavours, version: '1'}\nbuild: {script: 'echo {{ flavour }} > $PREFIX/flavour'}\n",
        **{"conda_build_config.yaml": "flavour:\n  - mild\n  - hot\n"},
    )
    session = start(folder, f"*{name_of(folder, start, 'hot')}*")
    assert session.output.variant["flavour"] == "hot"
    (folder / "meta.yaml").write_text((folder / "meta.yaml").read_text().replace("'1'", "'2'"))
    write = rendering.write

    def killed(path: Path, made: rendering.Rendering) -> None:
        write(path, made)
        raise Killed

    with monkeypatch.context() as during, pytest.raises(Killed):
        during.setattr(rendering, "write", killed)
        session.run(Phase.RENDER)
    session.run(Phase.BUILD)
    assert (session.layout.host_prefix / "flavour").read_text() == "hot\n"


def name_of(folder: Path, start: Start, flavour: str) -> str:
    with pytest.raises(UsageError) as error:
        start(folder)
    for name in (error.value.details or "").splitlines():
        if start(folder, name).output.variant["flavour"] == flavour:
            return name.removesuffix(".conda")
    raise AssertionError(flavour)


def test_a_package_that_another_session_replaced_is_not_taken_for_ones_own(greeting: Path, start: Start) -> None:
    one, two = start(greeting), start(greeting)
    one.run(Phase.PACKAGE)
    first = sha256(one)
    hello = greeting / "src/hello.txt"
    written = hello.stat().st_mtime_ns  # which a package bears
    hello.write_text("another\n")
    two.run(Phase.PACKAGE)
    hello.write_text("hello\n")
    os.utime(hello, ns=(written, written))
    assert stale(one) == {"package"}
    one.run(Phase.TEST)
    assert sha256(one) == first


def test_rewinding_leaves_a_package_that_another_session_made(greeting: Path, start: Start) -> None:
    one, two = start(greeting), start(greeting)
    one.run(Phase.PACKAGE)
    (greeting / "src/hello.txt").write_text("another\n")
    two.run(Phase.PACKAGE)
    one.rewind(Phase.PACKAGE)
    assert two.package.exists() and states(two)["package"] == "done"


LEFT_BY_BUILD = """\
mkdir -p dark/inner ro/sub $PREFIX/share/ro
echo a > ro/a
echo secret > $PREFIX/share/ro/a
chmod 444 ro/a
chmod 555 ro/sub ro
chmod 000 $PREFIX/share/ro/a
chmod 555 $PREFIX/share/ro
chmod 000 dark
"""


def test_folders_without_rights_left_by_a_build_stop_nothing(recipe: Callable[..., Path], start: Start) -> None:
    folder = recipe("rights", "package: {name: rights, version: '1'}\n", **{"build.sh": LEFT_BY_BUILD})
    with unprivileged():
        session = start(folder)
        session.run(Phase.TEST)
        first = sha256(session)
        for phase in (Phase.BUILD, Phase.POST):
            session.rerun(phase)
            session.run(Phase.TEST)
            assert sha256(session) == first
        for phase in (Phase.BUILD, Phase.SOURCE):
            session.rewind(phase)
        assert purge(session.config, everything=True)


def test_a_session_that_may_only_be_read_shows_its_status_and_refuses_work(greeting: Path, start: Start) -> None:
    session = start(greeting)
    session.run(Phase.TEST)
    folders = [session.root, *(path for path in session.root.rglob("*") if path.is_dir() and not path.is_symlink())]
    for path in (*folders, session.root / ".cbw/lock"):
        path.chmod(path.stat().st_mode & ~0o222)
    with unprivileged():
        assert set(states(open_session(session.root)).values()) == {"done"}
        for work in (session.rerun, session.rewind):
            with pytest.raises(EnvironmentFailure, match="Permission denied") as error:
                work(Phase.BUILD)
            assert error.value.hint and str(session.root) in error.value.message
    for path in folders:
        path.chmod(0o755)


def test_a_croot_that_cannot_be_written_is_told_with_the_next_step(
    greeting: Path, start: Start, config: Config, tmp_path: Path
) -> None:
    (tmp_path / "croot").mkdir()
    (tmp_path / "croot").chmod(0o555)
    with unprivileged(), pytest.raises(EnvironmentFailure, match="Permission denied") as error:
        start(greeting)
    assert "--croot" in str(error.value.hint)


def test_a_folder_whose_name_is_no_text_is_refused(greeting: Path, start: Start, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not UTF-8"):
        start(greeting, path=tmp_path / os.fsdecode(b"bytes\xff"))


def test_a_folder_whose_name_is_too_long_is_told(greeting: Path, start: Start, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="too long") as error:
        start(greeting, path=tmp_path / ("x" * 300))
    assert "shorter" in str(error.value.hint)


def test_a_session_at_work_is_not_emptied_by_another_with_the_same_path(
    greeting: Path, start: Start, tmp_path: Path
) -> None:
    session = start(greeting, path=tmp_path / "here")
    with locks.held(session.root), pytest.raises(UsageError, match="at work"):
        start(greeting, path=tmp_path / "here")
    assert (session.root / "ledger.json").exists()


def test_the_making_of_a_session_that_was_killed_does_not_block_its_path(
    greeting: Path, start: Start, tmp_path: Path
) -> None:
    session = start(greeting, path=tmp_path / "here")
    session.layout.ledger.unlink()
    (session.layout.build_prefix / "conda-meta").mkdir(parents=True)  # by a child that died a moment later
    assert states(start(greeting, path=tmp_path / "here"))["render"] == "done"
    assert not session.layout.build_prefix.exists()


def test_a_path_that_is_a_link_stays_one(greeting: Path, start: Start, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for _ in range(2):
        start(greeting, path=tmp_path / "link").run(Phase.SOURCE)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real/ledger.json").exists()


def test_a_purged_session_is_forgotten(greeting: Path, start: Start, config: Config) -> None:
    session = start(greeting)
    session.run(Phase.SOURCE)
    purge(config, everything=False)
    assert sessions(config) == () and not list((config.state / "sessions").iterdir())


def test_a_script_that_removes_its_work_folder_or_its_prefix_ends_well(
    recipe: Callable[..., Path], start: Start
) -> None:
    for name, script in (("work", "echo 1 > $PREFIX/x; rm -rf $SRC_DIR"), ("prefix", "rm -rf $PREFIX")):
        folder = recipe(f"no-{name}", f"package: {{name: no-{name}, version: '1'}}\n", **{"build.sh": script})
        session = start(folder)
        session.run(Phase.TEST)
        session.rerun(Phase.BUILD)
        session.run(Phase.TEST)
        assert set(states(session).values()) == {"done"}


def test_what_cannot_be_packaged_is_told(recipe: Callable[..., Path], start: Start) -> None:
    from cbw_core.events import Recorder

    folder = recipe("pipes", "package: {name: pipes, version: '1'}\n", **{"build.sh": "mkfifo $PREFIX/fifo"})
    seen = Recorder()
    start(folder).run(Phase.BUILD, sink=seen)
    assert any("fifo" in note and "not packaged" in note for note in seen.notes("warning"))


def test_a_full_disk_is_told_and_the_session_goes_on(greeting: Path, start: Start, tmp_path: Path) -> None:
    import subprocess

    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(small)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        (greeting / "src/fat").write_bytes(os.urandom(100_000))
        session = start(greeting, path=small / "session")
        with pytest.raises(CbwError) as error:
            session.run(Phase.TEST)
        assert error.value.exit_status == 3 and "No space left" in error.value.message
        assert "Free some space" in str(error.value.hint)
        subprocess.run(["mount", "-o", "remount,size=4m", str(small)], check=True)
        session.run(Phase.TEST)
        assert set(states(session).values()) == {"done"}
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_events_and_logs_take_names_of_any_bytes(
    recipe: Callable[..., Path], start: Start, world: Mapping[str, str]
) -> None:
    name = os.fsdecode(b"b\xff")
    folder = recipe("bytes", "package: {name: bytes, version: '1'}\nsource: {path: src}\n", **{f"src/{name}": "x"})
    session = start(folder)
    session.run(Phase.BUILD)
    (session.layout.work / name).write_text("edited")
    session.rerun(Phase.BUILD)
    assert (session.layout.work / name).read_text() == "edited"
    for line in session.layout.events.read_text().splitlines():
        json.loads(line)


def test_many_statuses_of_many_outputs_stay_quick(recipe: Callable[..., Path], start: Start) -> None:
    """A chain of outputs, each needing all before it: looking must not grow with the number of ways through it."""
    count = 8
    meta = "package: {name: chain, version: '1'}\noutputs:\n"
    for n in range(count):
        meta += f"  - name: link{n:02d}\n    script: link.sh\n    requirements:\n      host:\n"
        meta += "".join(f"        - {{{{ pin_subpackage('link{m:02d}', exact=True) }}}}\n" for m in range(n))
    folder = recipe("chain", meta, **{"link.sh": "true"})
    session = start(folder, f"link{count - 1:02d}-*")
    session.run(Phase.ENV)
    read = count_reads(session)
    group = session.group()
    assert {row[Phase.ENV].state for row in group} == {State.DONE} and read() < 10 * count


def count_reads(session: Session) -> Callable[[], int]:
    import sys

    opened = 0
    root = str(session.root)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal opened
        if event == "open" and str(arguments[0]).startswith(root):
            opened += 1

    sys.addaudithook(hook)
    return lambda: opened


def test_a_damaged_state_of_states_is_not_an_interrupted_one(greeting: Path, start: Start) -> None:
    session = start(greeting)
    session.run(Phase.BUILD)
    assert session.ledger[Phase.BUILD].state is State.DONE and ran(greeting) == 1
