"""Patches made from files are those GNU patch and git take."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbw_core.source import patching
from cbw_core.source.patching import CannotPatch, State, make

_LINE = st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"+\n", b"--- x\n", b"d"])
_LINES = st.lists(_LINE, max_size=30).map(b"".join)
_STATE = st.none() | st.builds(State, _LINES, st.sampled_from([0o644, 0o755]))
_CHANGES = st.dictionaries(
    st.sampled_from(["a.c", "dir/b.c", "dir/with space.txt", "dir/deep/c"]), st.tuples(_STATE, _STATE), min_size=1
)


def lay(root: Path, changes: dict[str, tuple[State | None, State | None]], which: int) -> None:
    for name, pair in changes.items():
        state = pair[which]
        if state is not None:
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(state.content)
            file.chmod(state.mode)


@given(_CHANGES, st.booleans())
def test_a_patch_applied_gives_the_new_files(
    changes: dict[str, tuple[State | None, State | None]], prefixed: bool
) -> None:
    data = make(changes, prefixed=prefixed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lay(root, changes, 0)
        if data:
            outcome = patching.apply(patching.parse(data), root, 1 if prefixed else 0)
            assert outcome.fits
            outcome.write()
        for name, (_, after) in changes.items():
            assert patching.same(patching.state_of(root / name), after), data.decode("latin-1")


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
@settings(max_examples=25)
@given(_CHANGES)
def test_git_applies_it_too(changes: dict[str, tuple[State | None, State | None]]) -> None:
    data = make(changes)
    if not data:
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lay(root, changes, 0)
        subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=root, input=data, check=True)
        for name, (_, after) in changes.items():
            assert patching.same(patching.state_of(root / name), after)


def test_links_and_a_missing_last_line_end() -> None:
    data = make(
        {
            "link": (State(b"old", 0o777, is_link=True), State(b"new", 0o777, is_link=True)),
            "file": (State(b"x"), State(b"to", 0o777, is_link=True)),
        }
    )
    assert data.count(b"\\ No newline at end of file") == 4
    assert b"deleted file mode 100644" in data and b"new file mode 120000" in data


@pytest.mark.parametrize(
    ("name", "content"), [("x", b"\0"), ("a\nb", b"t"), ("tab\there", b"t"), ('quo"te', b"t"), (" led", b"t")]
)
def test_what_no_patch_can_hold_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(CannotPatch):
        make({name: (None, State(content))})
