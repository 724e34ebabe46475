"""Patches that do not fit, lead elsewhere or cannot be read: explained, and nothing is touched."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.source import patching
from cbw_core.source.patching import PatchSyntaxError
from core.source.patching.patching_help import NUMBERS, applied, content, diff, worked_out
from support.files import write_files


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
