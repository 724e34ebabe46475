"""A disk that fills up while a build stands, or because of it: an error that says so, and the stop stays."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from support.prompts import Prompt, Stand

MOUNT = 'mkdir -p "$0" && mount -t tmpfs -o size=24m,nr_inodes=4000 cbw "$0" && exec "$@"'
BUILD = """\
mkdir -p "$PREFIX/share"; head -c 1M /dev/zero > three
echo ran >> "$RECIPE_DIR/../ran"
STAND=here
rm three; head -c 12M /dev/zero > "$PREFIX/five"
touch "$PREFIX/share/five"
rm "$PREFIX/five"
echo last words
"""
FULL = "No space left on device"


class Disk:
    """A small disk of the stand's own, on which its sessions are."""

    def __init__(self, stand: Stand) -> None:
        self.stand, self.place = stand, stand.folder / "disk"
        stand.env["CBW_CROOT"] = str(self.place / "croot")
        self.before = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, str(self.place)]

    def prompt(self, stop: str, *lines: str) -> Prompt:
        prompt = self.stand.prompt(stop, lines=lines, before=self.before)
        self._hog = Path(f"/proc/{prompt.pid}/root{self.place}/hog")  # as that process sees it
        return prompt

    def fill(self) -> None:
        with self._hog.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 65536) == 65536:
                pass

    def free(self) -> None:
        self._hog.unlink()


@pytest.fixture
def disk(world: Mapping[str, str], tmp_path: Path) -> Iterator[Disk]:
    trial = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, str(tmp_path / "trial"), "true"]
    if shutil.which("unshare") is None or subprocess.run(trial, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs a user namespace with mounts (unshare --user --mount), which is not given here")
    made = Disk(Stand(world, tmp_path, BUILD))
    yield made
    for pid in made.stand.processes():
        os.kill(pid, signal.SIGKILL)


def goes_to_its_end(prompt: Prompt, disk: Disk, command: str = "continue") -> None:
    prompt.type(command)
    prompt.until("last words")
    prompt.until("== build done")
    prompt.ready()
    prompt.type("run test")
    prompt.until("== test done")
    prompt.type("quit 0")
    assert prompt.ended() == 0
    disk.stand.all_is_gone()


def test_a_stop_on_a_full_disk_stays_and_goes_on_when_there_is_space(disk: Disk) -> None:
    prompt = disk.prompt("3")
    disk.fill()
    for command in ("continue", "step", "until 5", "break 6", "delete 1"):
        said = prompt.say(command)
        assert FULL in said and "Free some space" in said, (command, said)
        assert "error[disk]" in said
    assert FULL in prompt.say("shell")
    assert "NEW=1" in prompt.say("set NEW=1")
    assert "new 1" in prompt.say('eval echo "new $NEW"')
    assert "stopped at breakpoint 1" in prompt.say("where")
    points = prompt.say("break")
    assert "build.sh:3" in points and ":5" not in points and ":6" not in points  # what failed was not done
    disk.free()
    goes_to_its_end(prompt, disk)


def test_an_edit_on_a_full_disk_is_taken_in_when_there_is_space(disk: Disk) -> None:
    prompt = disk.prompt("3")
    (disk.stand.recipe / "build.sh").write_text(BUILD.replace("last words", "very last words"))
    disk.fill()
    assert FULL in prompt.say("reload") + prompt.say("continue")
    disk.free()
    prompt.say("break --delete 1")
    assert "+echo very last words" in prompt.say("reload")
    goes_to_its_end(prompt, disk)
    assert (disk.stand.folder / "ran").read_text() == "ran\n"


@pytest.mark.slow
def test_snapshots_on_a_full_disk_are_left_out_and_going_back_fails_until_there_is_space(disk: Disk) -> None:
    prompt = disk.prompt("6", "snapshots commands")
    assert "no snapshot was kept of line 5" in prompt.said
    disk.fill()
    assert FULL in prompt.say("back 3")
    assert "stopped at breakpoint 1" in prompt.say("where")
    disk.free()
    assert "STAND=here" in prompt.say("back 3")
    assert "three" in prompt.say("eval ls")
    prompt.say("delete")
    goes_to_its_end(prompt, disk)


def test_a_script_that_fills_the_disk_stands_there_and_its_output_goes_on(disk: Disk) -> None:
    build = BUILD.replace('head -c 12M /dev/zero > "$PREFIX/five"', 'cat /dev/zero > "$PREFIX/five"; seq 10000')
    (disk.stand.recipe / "build.sh").write_text(build)
    prompt = disk.prompt("3")
    prompt.type("continue")
    prompt.until(f"write error: {FULL}")
    prompt.until("failed with status 1; the build stands there")
    prompt.ready()
    prompt.type("continue --ignore")
    assert FULL in prompt.ready()  # bash cannot be told
    prompt.say('eval rm "$PREFIX/five"')
    disk.fill()
    prompt.say('eval echo > "$PREFIX/five"; rm "$PREFIX/../hog" 2>/dev/null || :')
    disk.free()
    goes_to_its_end(prompt, disk, "continue --ignore")
