from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cbw_core.errors import EnvironmentFailure, Interrupted
from cbw_core.process import Cancel, Finished, run

ENV = {"PATH": os.environ["PATH"]}
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="descendants are tracked on Linux")


def bash(script: str, tmp_path: Path, **options: object) -> tuple[Finished, list[str]]:
    lines: list[str] = []
    done = run(["bash", "-c", script], cwd=tmp_path, env=ENV, on_line=lines.append, **options)  # type: ignore[arg-type]
    return done, lines


def alive(pid: int) -> bool:
    """Whether a process exists and is more than a corpse waiting to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def wait_for(condition: object, seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("pty", [False, True])
def test_exit_status_is_the_childs(tmp_path: Path, pty: bool) -> None:
    assert bash("exit 7", tmp_path, pty=pty)[0].status == 7
    assert bash("true", tmp_path, pty=pty)[0].status == 0


def test_death_by_a_signal_is_128_and_its_number(tmp_path: Path) -> None:
    assert bash("kill -SEGV $$", tmp_path)[0].status == 128 + signal.SIGSEGV
    assert bash("kill -KILL $$", tmp_path)[0].status == 128 + signal.SIGKILL


@pytest.mark.parametrize("pty", [False, True])
def test_both_streams_come_in_the_order_of_writing(tmp_path: Path, pty: bool) -> None:
    script = "for i in 1 2 3 4 5; do echo out$i; echo err$i >&2; done"
    expected = [f"{stream}{i}" for i in range(1, 6) for stream in ("out", "err")]
    done, lines = bash(script, tmp_path, pty=pty)
    assert lines == expected
    assert list(done.tail) == expected


def test_a_last_line_without_newline_is_told(tmp_path: Path) -> None:
    assert bash("printf 'a\\nb'", tmp_path)[1] == ["a", "b"]


@pytest.mark.parametrize("pty", [False, True])
def test_log_has_the_bytes_as_written_and_is_appended_to(tmp_path: Path, pty: bool) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"before\n")
    _, lines = bash(r"printf 'ok\n\xff\xfe\n10%%\r20%%\r30%%\n'", tmp_path, log=log, pty=pty)
    assert log.read_bytes() == b"before\nok\n\xff\xfe\n10%\r20%\r30%\n"
    assert lines == ["ok", "��", "30%"]


def test_a_carriage_return_before_the_newline_is_no_overwriting(tmp_path: Path) -> None:
    assert bash(r"printf 'dos\r\nunix\n'", tmp_path)[1] == ["dos", "unix"]


def test_progress_without_newline_takes_no_memory_and_shows_its_last_text(tmp_path: Path) -> None:
    script = "import sys\nfor i in range(300000): sys.stdout.write(f'{i} of 300000\\r')\nprint('done')"
    lines: list[str] = []
    run([sys.executable, "-c", script], cwd=tmp_path, env=ENV, on_line=lines.append)
    assert lines == ["done"]


def test_a_huge_line_comes_in_pieces_that_cut_no_character(tmp_path: Path) -> None:
    script = "import sys; sys.stdout.buffer.write(('a' + 'é' * 200_000 + '\\n').encode())"
    lines: list[str] = []
    run([sys.executable, "-c", script], cwd=tmp_path, env=ENV, on_line=lines.append)
    assert len(lines) > 1
    assert all(len(line.encode()) <= 65536 for line in lines)
    assert "".join(lines) == "a" + "é" * 200_000


def test_tail_keeps_the_last_forty_lines(tmp_path: Path) -> None:
    assert list(bash("seq 100", tmp_path)[0].tail) == [str(i) for i in range(61, 101)]


def test_much_output_is_all_there(tmp_path: Path) -> None:
    log = tmp_path / "log"
    _, lines = bash("seq 300000", tmp_path, pty=True, log=log)
    assert lines == [str(i) for i in range(1, 300001)]
    assert log.read_text().split() == lines


def test_stdin_is_empty_and_output_is_a_terminal_only_when_asked(tmp_path: Path) -> None:
    script = "read x || echo no input; test -t 1 && echo terminal || echo pipe; test -t 0 || echo no keyboard"
    assert bash(script, tmp_path)[1] == ["no input", "pipe", "no keyboard"]
    assert bash(script, tmp_path, pty=True)[1] == ["no input", "terminal", "no keyboard"]


def test_terminal_has_a_size(tmp_path: Path) -> None:
    assert bash("stty size <&1", tmp_path, pty=True)[1] == ["40 120"]


READERS = {
    "terminal by name": "exec 3<>/dev/tty && read x <&3 && echo read || echo nobody there",
    "the output's terminal": "read x <&1 && echo read || echo nobody there",
    "the terminal of stderr opened again": 'read x < "$(readlink /proc/self/fd/2)" && echo read || echo nobody there',
    "silent reading": "(read -s x <&2) && echo read || echo nobody there",
}


@linux
@pytest.mark.parametrize("name", READERS)
def test_who_waits_for_a_keyboard_gets_an_error(tmp_path: Path, name: str) -> None:
    done, lines = bash(READERS[name], tmp_path, pty=True, timeout=20)
    assert done.status == 0
    assert lines[-1] == "nobody there"


@pytest.mark.skipif(shutil.which("less") is None, reason="no less here")
def test_a_pager_does_not_wait_for_ever(tmp_path: Path) -> None:
    assert bash("seq 1000 | less; echo left", tmp_path, pty=True, timeout=20)[1][-1].endswith("left")


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_git_writes_its_log_through_no_pager(tmp_path: Path) -> None:
    script = """set -e
    git init -q .
    for i in $(seq 60); do git -c user.name=a -c user.email=b commit -q --allow-empty -m "change $i"; done
    git log --format=%s
    echo left
    """
    env = {**ENV, "HOME": str(tmp_path)}
    lines: list[str] = []
    done = run(["bash", "-c", script], cwd=tmp_path, env=env, on_line=lines.append, pty=True, timeout=60)
    assert done.status == 0
    assert lines == [*(f"change {i}" for i in range(60, 0, -1)), "left"]


def test_environment_is_exactly_what_was_given(tmp_path: Path) -> None:
    lines: list[str] = []
    given = {"PATH": ENV["PATH"], "A": "1\n2", "LD_LIBRARY_PATH": "/nowhere", "PYTHONHOME": "/nowhere"}
    run(["env", "-0"], cwd=tmp_path, env=given, on_line=lines.append)
    assert set("\n".join(lines).rstrip("\0").split("\0")) == {f"{k}={v}" for k, v in given.items()}


def test_child_can_be_told_of_a_broken_pipe(tmp_path: Path) -> None:
    """Python ignores SIGPIPE; a child that inherits that would write on for ever."""
    done, lines = bash("yes | head -n 2; echo ${PIPESTATUS[0]}", tmp_path)
    assert lines == ["y", "y", str(128 + signal.SIGPIPE)]
    assert done.status == 0


def test_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="no-such-tool") as caught:
        run(["no-such-tool"], cwd=tmp_path, env=ENV)
    assert caught.value.kind == "missing-tool"
    (tmp_path / "text").write_text("no program\n")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(EnvironmentFailure, match="cannot be started") as caught:
        run(["./text"], cwd=tmp_path, env=ENV)
    assert caught.value.kind == "missing-tool"
    assert "format" in str(caught.value.why)


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="gone"):
        run(["true"], cwd=tmp_path / "gone", env=ENV)


def test_log_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure) as caught:
        run(["true"], cwd=tmp_path, env=ENV, log=tmp_path / "no" / "log")
    assert caught.value.kind == "disk"


def test_a_large_order_fits(tmp_path: Path) -> None:
    lines: list[str] = []
    env = {**ENV, **{f"V{i}": "x" * 1000 for i in range(300)}}
    argv = ["bash", "-c", "echo ${#V299} $#", "bash", *("y" * 100 for _ in range(3000))]
    run(argv, cwd=tmp_path, env=env, on_line=lines.append)
    assert lines == ["1000 3000"]


def test_timeout_ends_the_child_with_status_124(tmp_path: Path) -> None:
    done, lines = bash("echo start; sleep 600", tmp_path, timeout=0.3)
    assert done.status == 124
    assert lines == ["start"]


def test_cancel_before_the_start_starts_nothing(tmp_path: Path) -> None:
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Interrupted):
        bash("touch started", tmp_path, cancel=cancel)
    assert not (tmp_path / "started").exists()


@linux
def test_cancel_ends_descendants_that_ignore_sigterm_and_left_the_session(tmp_path: Path) -> None:
    cancel = Cancel()
    script = """
    trap '' TERM
    (setsid bash -c 'trap "" TERM; echo $$ > daemon; while :; do sleep 1; done' &)
    echo $$ > main
    until [ -s daemon ]; do sleep 0.01; done
    echo ready
    sleep 600
    """

    def on_line(line: str) -> None:
        if line == "ready":
            threading.Thread(target=cancel.request).start()

    with pytest.raises(Interrupted):
        run(["bash", "-c", script], cwd=tmp_path, env=ENV, on_line=on_line, cancel=cancel)
    for name in ("main", "daemon"):
        assert not alive(int((tmp_path / name).read_text()))


def test_cancel_lets_a_program_tidy_up(tmp_path: Path) -> None:
    cancel = Cancel()
    script = "trap 'touch tidied; exit 1' TERM; echo ready; while :; do sleep 0.01; done"
    with pytest.raises(Interrupted):
        run(["bash", "-c", script], cwd=tmp_path, env=ENV, on_line=lambda _: cancel.request(), cancel=cancel)
    assert (tmp_path / "tidied").exists()


@linux
def test_processes_left_behind_are_ended_and_told(tmp_path: Path) -> None:
    done, _ = bash("(setsid sleep 600 & echo $! > left); exit 3", tmp_path)
    assert done.status == 3
    pid = int((tmp_path / "left").read_text())
    assert done.leftover == (f"sleep ({pid})",)
    assert not alive(pid)


@linux
@pytest.mark.parametrize("pty", [False, True])
def test_output_through_a_slow_tee_is_not_lost(tmp_path: Path, pty: bool) -> None:
    done, lines = bash("exec > >(sleep 0.1; cat); echo late", tmp_path, pty=pty)
    assert (lines, done.leftover) == (["late"], ())


def test_error_in_the_callback_ends_the_child(tmp_path: Path) -> None:
    def on_line(line: str) -> None:
        raise KeyError(line)

    with pytest.raises(KeyError):
        run(["bash", "-c", "echo $$ > pid; echo a; sleep 600"], cwd=tmp_path, env=ENV, on_line=on_line)
    assert not alive(int((tmp_path / "pid").read_text()))


@linux
@pytest.mark.parametrize("pty", [False, True])
def test_nothing_survives_when_we_are_killed(tmp_path: Path, pty: bool) -> None:
    script = (
        "from pathlib import Path; from cbw_core.process import run; import os\n"
        "script = '(setsid sleep 600 & echo $! > a.new; mv a.new a); echo $$ > b.new; mv b.new b; sleep 600'\n"
        f"run(['bash', '-c', script], cwd=Path.cwd(), env=dict(os.environ), pty={pty})"
    )
    master = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    try:
        assert wait_for(lambda: (tmp_path / "a").exists() and (tmp_path / "b").exists())
    finally:
        master.kill()
        master.wait()
    pids = [int((tmp_path / name).read_text()) for name in ("a", "b")]
    assert wait_for(lambda: not any(alive(pid) for pid in pids))


def test_many_threads_run_children_at_once_and_leave_no_descriptors(tmp_path: Path) -> None:
    bash("true", tmp_path)
    before = len(list(Path("/dev/fd").iterdir()))
    found: dict[int, list[str]] = {}

    def work(number: int) -> None:
        found[number] = bash(f"for i in 1 2 3; do echo {number}.$i; done", tmp_path, pty=number % 2 == 0)[1]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [f"{number}.{i}" for i in (1, 2, 3)] for number in range(12)}
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_cancel_callbacks_run_once_and_can_be_forgotten() -> None:
    cancel = Cancel()
    calls: list[str] = []
    cancel.on_request(lambda: calls.append("a"))
    cancel.on_request(lambda: calls.append("b"))()
    cancel.request()
    cancel.request()
    cancel.on_request(lambda: calls.append("late"))
    assert calls == ["a", "late"]


def test_what_all_processes_below_took_is_told(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(80_000_000); sum(range(10**6))'])"
    )
    done = run([sys.executable, "-c", code], cwd=tmp_path, env={})
    assert done.cpu_user + done.cpu_sys > 0
    assert done.rss > 80_000_000
