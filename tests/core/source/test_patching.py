"""The patch engine by itself: reading, strip levels, placing hunks as GNU patch does, explaining."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbw_core.source import patching
from cbw_core.source.patching import PatchSyntaxError
from support.files import write_files


def content(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_bytes().decode()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def worked_out(root: Path, text: str, level: int | None = None) -> patching.Outcome:
    data = text.encode()
    patches = patching.parse(data)
    guessed, _ = patching.guess_strip_level(data, patches, root)
    return patching.apply(patches, root, guessed if level is None else level)


def applied(root: Path, text: str, level: int | None = None) -> patching.Outcome:
    outcome = worked_out(root, text, level)
    assert outcome.fits, patching.explain(outcome)
    outcome.write()
    return outcome


def diff(old: str, new: str, name: str = "f", context: int = 3) -> str:
    """A unified diff, with the marks for a missing newline."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{name}", f"b/{name}", n=context
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


NUMBERS = "".join(f"{i}\n" for i in range(1, 31))


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


@pytest.mark.parametrize(("file_crlf", "words"), [(True, "patch has LF, the file CRLF"), (False, "CRLF, the file LF")])
def test_line_ends_that_do_not_agree_are_told(tmp_path: Path, file_crlf: bool, words: str) -> None:
    """conda-build refuses them too (its own tests: test_lf_source_crlf_patch, test_crlf_source_lf_patch)."""
    write_files(tmp_path, {"f": "a\r\nb\r\n" if file_crlf else "a\nb\n"})
    text = diff("a\nb\n", "a\nB\n")
    outcome = worked_out(tmp_path, text if file_crlf else text.replace("\n", "\r\n"))
    assert not outcome.fits and words in patching.explain(outcome).why


def test_a_hunk_that_does_not_fit_is_explained_and_the_others_are_kept(tmp_path: Path) -> None:
    new = NUMBERS.replace("5\n", "five\n", 1).replace("15\n", "fifteen\n").replace("25\n", "twenty-five\n")
    write_files(tmp_path, {"f": NUMBERS.replace("15\n", "XV\n")})
    outcome = worked_out(tmp_path, diff(NUMBERS, new))
    assert content(tmp_path)["f"] == NUMBERS.replace("15\n", "XV\n")  # nothing is written by looking
    told = patching.explain(outcome)
    assert told.what == "hunk 2 of 3 does not fit f"
    assert told.why == "at line 15 of f, the file holds 'XV' where the patch expects '15'"
    assert told.line == 12  # of the patch
    assert "-    15 | 15\n+    15 | XV" in told.details and "     14 | 14" in told.details
    assert patching.write_partly(outcome) == ("f.rej",)
    found = content(tmp_path)
    assert found["f"] == new.replace("fifteen\n", "XV\n")
    assert found["f.rej"].splitlines()[2:] == diff(NUMBERS, new).splitlines()[11:20]


def test_a_hunk_that_moved_is_explained_where_it_is_closest(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "".join(f"new {i}\n" for i in range(40)) + NUMBERS.replace("15\n", "XV\n")})
    told = patching.explain(worked_out(tmp_path, diff(NUMBERS, NUMBERS.replace("15\n", "fifteen\n"))))
    assert told.why.startswith("at line 55 of f")


def test_white_space_that_differs_is_told(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "a\n\tb\nc\n"})
    told = patching.explain(worked_out(tmp_path, diff("a\n  b\nc\n", "a\nB\nc\n")))
    assert "only white space differs" in told.why and "\\t" in told.why


def test_a_file_that_ends_too_early(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "1\n2\n"})
    told = patching.explain(worked_out(tmp_path, diff("1\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n")))
    assert told.why == "at line 3 of f, the file ends where the patch expects '3'"


def test_a_patch_that_is_in_already(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "2\n"})
    told = patching.explain(worked_out(tmp_path, diff("1\n", "2\n")))
    assert told.what == "f seems to have it already"


def test_a_file_that_is_not_there_and_one_that_is(tmp_path: Path) -> None:
    write_files(tmp_path, {"src/deep/f": "1\n", "made": "x\n"})
    told = patching.explain(worked_out(tmp_path, diff("1\n", "2\n", "lib/f"), 1))
    assert told.why == "lib/f is not in the source; it has src/deep/f."
    made = "--- /dev/null\n+++ b/made\n@@ -0,0 +1 @@\n+new\n"
    assert "made is to be created, but is there already" in patching.explain(worked_out(tmp_path, made, 1)).why


def test_a_file_to_delete_that_holds_more(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "1\n2\n"})
    outcome = worked_out(tmp_path, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n", 1)
    assert not outcome.fits and content(tmp_path) == {"f": "1\n2\n"}


@pytest.mark.parametrize("name", ["../evil", "x/../../evil", "/tmp/evil", "out/evil"])
def test_nothing_outside_is_touched(tmp_path: Path, name: str) -> None:
    root = write_files(tmp_path / "root", {"f": "1\n"})
    (root / "out").symlink_to(tmp_path)
    outcome = worked_out(root, f"--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+x\n", 0)
    assert not outcome.fits and "leads out" in patching.explain(outcome).why
    patching.write_partly(outcome)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root"]


def test_nothing_goes_through_a_link_that_the_patch_itself_makes(tmp_path: Path) -> None:
    root = write_files(tmp_path / "root", {"f": "1\n"})
    text = """\
diff --git a/out b/out
new file mode 120000
--- /dev/null
+++ b/out
@@ -0,0 +1 @@
+..
\\ No newline at end of file
diff --git a/out/evil b/out/evil
new file mode 100644
--- /dev/null
+++ b/out/evil
@@ -0,0 +1 @@
+x
"""
    outcome = worked_out(root, text, 1)
    assert not outcome.fits
    patching.write_partly(outcome)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root"]


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    write_files(tmp_path, {"real": "1\n"})
    (tmp_path / "f").symlink_to("real")
    outcome = worked_out(tmp_path, diff("1\n", "2\n"))
    assert "is a link in the source" in patching.explain(outcome).why


def test_git_binary_patches_are_refused_by_name_and_mere_mentions_passed_over(tmp_path: Path) -> None:
    write_files(tmp_path, {"bin": "x", "f": "1\n"})
    full = "diff --git a/bin b/bin\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKcmZQzWMT#Y01f~L\n\n"
    assert "git binary patch" in patching.explain(worked_out(tmp_path, full, 1)).why
    mention = "diff --git a/bin b/bin\nindex 1..2 100644\nBinary files a/bin and b/bin differ\n"
    outcome = applied(tmp_path, mention + diff("1\n", "2\n"))
    assert [file.patch.is_empty for file in outcome.files] == [True, False]
    assert content(tmp_path) == {"bin": "x", "f": "2\n"}


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", 1, "no change"),
        ("only words\n", 1, "no change"),
        ("--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n*b\n", 5, "begins with none"),
        ("--- a/f\n+++ b/f\n@@ -1,5 +1,5 @@\n a\n-b\n", 6, "ends"),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n a\n+b\n--- a/g\n", 0, ""),
        ("--- a/f\n+++ b/f\n@@ -1,x +1 @@\n", 3, "cannot be read"),
        ("@@ -1 +1 @@\n-a\n+b\n", 1, "without"),
        ("*** a/f\n--- b/f\n***************\n*** 1,3 ****\n", 3, "context diff"),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n\\ No newline\n", 4, "before any line"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int, word: str) -> None:
    if not word:
        patching.parse(text.encode())
        return
    with pytest.raises(PatchSyntaxError, match=word) as caught:
        patching.parse(text.encode())
    assert caught.value.line == line


def test_blank_lines_that_mail_ate_are_taken_for_granted(tmp_path: Path) -> None:
    write_files(tmp_path, {"f": "a\n\nb\n\n\n"})
    applied(tmp_path, "--- a/f\n+++ b/f\n@@ -1,5 +1,5 @@\n a\n\n-b\n+B\n")
    assert content(tmp_path) == {"f": "a\n\nB\n\n\n"}


@given(st.binary(max_size=400) | st.text(alphabet="@-+ 123,abdifgt/\n\\*", max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        patches = patching.parse(data)
    except PatchSyntaxError as error:
        assert error.line >= 1
    else:
        with tempfile.TemporaryDirectory() as root:
            outcome = patching.apply(patches, Path(root), 0)
            assert outcome.fits or patching.explain(outcome).what


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
