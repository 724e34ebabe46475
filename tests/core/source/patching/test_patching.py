"""The patch engine by itself: reading, strip levels, placing hunks as GNU patch does, explaining."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbw_core.source import patching
from core.source.patching.patching_help import NUMBERS, applied, content, diff, worked_out
from support.files import write_files


def test_a_plain_patch_with_text_around_it(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": NUMBERS})
    new = NUMBERS.replace("15\n", "fifteen\n")
    applied(tmp_path, f"Subject: why\n\n-- and why not\n{diff(NUMBERS, new)}-- \n2.39.5\n")
    assert content(tmp_path) == {"f": new}


def test_files_are_made_and_deleted_by_dev_null_and_by_the_year_1970(tmp_path: Path) -> None:
    write_files(tmp_path, {"old/gone": "x\n", "gone2": "y\n", "f": "1\n"})
    applied(
        tmp_path,
        """\
--- old/gone\t2016-06-07 21:55:59.549798700 +0100
+++ /dev/null\t1970-01-01 00:00:00 +0000
@@ -1 +0,0 @@
-x
--- gone2\t2016-06-07 21:55:59.549798700 +0100
+++ gone2\t1970-01-01 01:00:00.000000000 +0100
@@ -1 +0,0 @@
-y
--- made\t1970-01-01 01:00:00.000000000 +0100
+++ made\t2016-06-07 21:55:59.549798700 +0100
@@ -0,0 +1 @@
+new
--- f 2016-06-07 21:55:59.549798700 +0100
+++ f 2016-06-08 21:55:59.549798700 +0100
@@ -1 +0,0 @@
-1
""",
        0,
    )
    # a file that only becomes empty stays
    assert content(tmp_path) == {"f": "", "made": "new\n"}
    assert not (tmp_path / "old").exists()


GIT = """\
diff --git a/d/a b/moved
similarity index 89%
rename from d/a
rename to moved
index 0ff3bbb..af82288 100644
--- a/d/a
+++ b/moved
@@ -1,2 +1,2 @@
-one
+ONE
 two
diff --git a/script b/script
old mode 100644
new mode 100755
diff --git a/gone b/gone
deleted file mode 100644
index 8a1218a..0000000
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/l b/l
index 63d8dbd..c59d9b6 120000
--- a/l
+++ b/l
@@ -1 +1 @@
-script
\\ No newline at end of file
+moved
\\ No newline at end of file
diff --git "a/n\\303\\251w" "b/n\\303\\251w"
new file mode 100755
index 0000000..3e75765
--- /dev/null
+++ "b/n\\303\\251w"
@@ -0,0 +1 @@
+new
diff --git a/link b/link
new file mode 120000
--- /dev/null
+++ b/link
@@ -0,0 +1 @@
+script
\\ No newline at end of file
diff --git a/empty b/empty
new file mode 100644
index 0000000..e69de29
diff --git a/script b/copy
similarity index 100%
copy from script
copy to copy
"""


def test_git_renames_copies_modes_links_and_quoted_names(tmp_path: Path) -> None:
    write_files(tmp_path, {"d/a": "one\ntwo\n", "script": "#!/bin/sh\n", "gone": "x\n"})
    (tmp_path / "l").symlink_to("script")
    applied(tmp_path, GIT)
    assert content(tmp_path) == {
        "copy": "#!/bin/sh\n",
        "empty": "",
        "l": "-> moved",
        "link": "-> script",
        "moved": "ONE\ntwo\n",
        "néw": "new\n",
        "script": "#!/bin/sh\n",
    }
    modes = {name: os.access(tmp_path / name, os.X_OK) for name in ("script", "néw", "moved", "empty")}
    assert modes == {"script": True, "néw": True, "moved": False, "empty": False}
    assert not (tmp_path / "d").exists()


def test_a_rename_alone_has_a_strip_level_too(tmp_path: Path) -> None:
    write_files(tmp_path, {"a b": "x\n"})
    applied(tmp_path, "diff --git a/a b b/c d\nsimilarity index 100%\nrename from a b\nrename to c d\n")
    assert content(tmp_path) == {"c d": "x\n"}


def test_the_mode_of_a_patched_file_stays_and_its_hard_links_keep_the_old(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "1\n"})
    (tmp_path / "f").chmod(0o444)
    (tmp_path / "other").hardlink_to(tmp_path / "f")
    applied(tmp_path, diff("1\n", "2\n"))
    assert content(tmp_path) == {"f": "2\n", "other": "1\n"}
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o444


def test_two_changes_of_one_file_in_one_patch(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "1\n"})
    applied(tmp_path, diff("1\n", "2\n") + diff("2\n", "3\n"))
    assert content(tmp_path) == {"f": "3\n"}


@pytest.mark.parametrize(
    ("names", "levels"),
    [
        # the table of conda-build's own tests: where the tree begins -> (level, guessed)
        (["one.txt", "some/common/prefix/two.txt", "some/common/prefix/three.txt"], [(0, False)] * 4),
        (
            ["some/one.txt", "some/common/prefix/two.txt", "some/common/prefix/three.txt"],
            [(0, False), (1, False), (0, True), (0, True)],
        ),
        (
            ["some/common/one.txt", "some/common/prefix/two.txt", "some/common/prefix/three.txt"],
            [(0, False), (1, False), (2, False), (0, True)],
        ),
        (
            ["some/common/prefix/one.txt", "some/common/prefix/two.txt", "some/common/prefix/three.txt"],
            [(0, False), (1, False), (2, False), (3, False)],
        ),
    ],
)
def test_strip_levels_are_guessed_as_conda_build_does(
    tmp_path: Path, names: list[str], levels: list[tuple[int, bool]]
) -> None:
    write_files(tmp_path, dict.fromkeys(names, ""))
    text = "".join(f"--- {name}\n+++ {name}\n@@ -0,0 +1 @@\n+x\n" for name in names).encode()
    roots = [tmp_path, tmp_path / "some", tmp_path / "some/common", tmp_path / "some/common/prefix"]
    assert [patching.guess_strip_level(text, patching.parse(text), root) for root in roots] == levels


@pytest.mark.parametrize(("file_crlf", "patch_crlf"), [(False, False), (True, True)])
def test_line_ends_that_agree(tmp_path: Path, file_crlf: bool, patch_crlf: bool) -> None:
    old, new = "a\nb\nc\n", "a\nB\nc\n"
    text = diff(old, new)
    if file_crlf:
        old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
    write_files(tmp_path, {"f": old})
    applied(tmp_path, text.replace("\n", "\r\n") if patch_crlf else text)
    assert content(tmp_path) == {"f": new}


def test_a_patch_with_lf_headers_for_a_crlf_file(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "a\r\nb\r\n"})
    applied(tmp_path, "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+B\r\n")
    assert content(tmp_path) == {"f": "a\r\nB\r\n"}


def test_blank_lines_that_mail_ate_are_taken_for_granted(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "a\n\nb\n\n\n"})
    applied(tmp_path, "--- a/f\n+++ b/f\n@@ -1,5 +1,5 @@\n a\n\n-b\n+B\n")
    assert content(tmp_path) == {"f": "a\n\nB\n\n\n"}


lines = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "{\n", "}\n", "\n"]), max_size=14)


@given(old=lines, new=lines, context=st.integers(0, 3))
def test_a_diff_of_two_texts_makes_one_the_other(old: list[str], new: list[str], context: int) -> None:
    text = diff("".join(old), "".join(new), context=context)
    if text:
        with tempfile.TemporaryDirectory() as folder:
            root = write_files(Path(folder), {"f": "".join(old)})
            applied(root, text, 1)
            assert content(root) == {"f": "".join(new)}


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs GNU patch to compare with")
@settings(max_examples=60, deadline=None)
@given(old=lines, new=lines, found=st.none() | lines, context=st.integers(0, 3))
def test_hunks_go_where_gnu_patch_puts_them(
    old: list[str], new: list[str], found: list[str] | None, context: int
) -> None:
    text = diff("".join(old), "".join(new), context=context)
    if not text:
        return
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours"), Path(folder, "theirs")
        actual = "".join(["a\n", "b\n", *old[:8], "{\n", *old[8:]] if found is None else found)
        for root in (ours, theirs):
            write_files(root, {"f": actual})
        Path(folder, "p").write_text(text)
        argv = ["patch", "-Np1", "--binary", "--batch", "--no-backup-if-mismatch", "-i", str(Path(folder, "p"))]
        done = subprocess.run(argv, cwd=theirs, capture_output=True)
        outcome = worked_out(ours, text, 1)
        assert outcome.fits == (done.returncode == 0), done.stdout
        patching.write_partly(outcome)
        assert (ours / "f").read_text() == (theirs / "f").read_text()
