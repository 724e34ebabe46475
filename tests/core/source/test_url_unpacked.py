"""url entries unpacked: what goes where, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import RecipeError
from core.source.url_help import TarOf, sha256
from support.source_bench import Bench


@pytest.mark.parametrize(
    ("files", "entry", "expected"),
    [
        ([("p/x", "x"), ("p/d/y", "y")], {}, {"x": "x", "d/y": "y"}),
        ([("p/x", "x"), ("p/d/y", "y")], {"no_hoist": True}, {"p/x": "x", "p/d/y": "y"}),
        ([("p/x", "x"), ("q", "q")], {}, {"p/x": "x", "q": "q"}),
        ([("p/p/x", "x")], {}, {"p/x": "x"}),
        ([("p/x", "x")], {"folder": "in/here"}, {"in/here/x": "x"}),
    ],
)
def test_one_top_folder_is_left_out(
    bench: Bench, tar_of: TarOf, files: list[tuple[str, str]], entry: dict[str, Any], expected: dict[str, str]
) -> None:
    tar_of(bench.recipe / "a.tar.gz", files)
    bench.provide({"url": "a.tar.gz", **entry})
    assert bench.files() == expected


def test_what_is_no_archive_by_its_name_is_copied(bench: Bench, tar_of: TarOf) -> None:
    tar_of(bench.recipe / "a.tbz", [("p/x", "x")])  # conda-build does not know this suffix
    bench.provide({"url": "a.tbz"})
    assert list(bench.files()) == ["a.tbz"]
    (bench.recipe / "run.sh").write_text("#!/bin/sh\n")
    bench.provide({"url": "run.sh", "fn": "other.sh"})
    assert bench.files() == {"other.sh": "#!/bin/sh\n"}


def test_a_wheel_is_kept_beside_what_is_in_it(bench: Bench) -> None:
    with zipfile.ZipFile(bench.recipe / "p-1-py3-none-any.whl", "w") as out:
        out.writestr("p/x.py", "x")
    bench.provide({"url": "p-1-py3-none-any.whl"})
    assert sorted(bench.files()) == ["p-1-py3-none-any.whl", "p/x.py"]


def test_several_sources_go_where_they_are_told(bench: Bench, tar_of: TarOf) -> None:
    tar_of(bench.recipe / "a.tar.gz", [("a/x", "a"), ("a/same", "first")])
    tar_of(bench.recipe / "b.tar.gz", [("b/y", "b"), ("b/same", "second")])
    bench.provide({"url": "a.tar.gz"}, {"url": "b.tar.gz"}, {"url": "b.tar.gz", "folder": "sub"})
    assert bench.files() == {"same": "second", "sub/same": "second", "sub/y": "b", "x": "a", "y": "b"}


def test_a_folder_that_is_there_gets_the_next_one_inside_it(bench: Bench, tar_of: TarOf) -> None:
    """As shutil.move does for conda-build."""
    tar_of(bench.recipe / "a.tar.gz", [("a/src/x", "a"), ("a/t", "t")])
    tar_of(bench.recipe / "b.tar.gz", [("b/src/y", "b"), ("b/u", "u")])
    bench.provide({"url": "a.tar.gz"}, {"url": "b.tar.gz"})
    assert bench.files() == {"src/x": "a", "src/src/y": "b", "t": "t", "u": "u"}
    assert any("src is there already" in note for note in bench.events.notes("warning"))
    with pytest.raises(RecipeError, match="twice"):
        bench.provide({"url": "a.tar.gz"}, {"url": "b.tar.gz"}, {"url": "b.tar.gz"})


def test_no_source_is_an_empty_folder_and_what_was_there_is_gone(bench: Bench) -> None:
    bench.work.mkdir(parents=True)
    (bench.work / "old").write_text("old")
    assert bench.provide().entries == ()
    assert bench.work.is_dir() and bench.files() == {}


@pytest.mark.parametrize("folder", ["../out", "/abs", "a/../../out"])
def test_a_folder_outside_is_refused(bench: Bench, folder: str) -> None:
    (bench.recipe / "f").write_text("x")
    with pytest.raises(RecipeError, match="outside") as caught:
        bench.provide({"url": "f", "folder": folder})
    assert caught.value.place is not None and caught.value.place.line == bench.line(folder)


def test_a_folder_behind_a_link_of_an_earlier_source_is_refused(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (bench.recipe / "tree").mkdir()
    (bench.recipe / "tree" / "sub").symlink_to(tmp_path / "elsewhere")
    (bench.recipe / "f").write_text("x")
    with pytest.raises(RecipeError, match="link"):
        bench.provide({"path": "tree"}, {"url": "f", "folder": "sub/deep"})
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_hostile_archive_is_refused_at_its_line_and_leaves_nothing(bench: Bench, tar_of: TarOf) -> None:
    tar_of(bench.recipe / "evil.tar.gz", [("p/good", "x"), ("../../evil", "x")])
    before = sorted(bench.base.rglob("*"))
    with pytest.raises(RecipeError, match=r"\.\./\.\./evil") as caught:
        bench.provide({"url": "evil.tar.gz"})
    assert caught.value.kind == "archive"
    assert caught.value.place is not None and caught.value.place.line == bench.line("evil.tar.gz")
    after = [path for path in bench.base.rglob("*") if path not in before and path.suffix != ".lock"]
    assert {path.name for path in after} <= {"meta.yaml", "session", "cache", "src"}


def test_a_half_made_folder_of_a_killed_run_is_not_trusted(bench: Bench, tar_of: TarOf) -> None:
    tar_of(bench.recipe / "a.tar.gz", [("p/x", "x")])
    for name in (".work.partial", ".work.partial.unpacked", "work", "work_failed_provide"):
        (bench.work.parent / name / "sub").mkdir(parents=True)
        (bench.work.parent / name / "sub" / "left-over").write_text("x")
    (bench.work.parent / ".work.partial" / "sub").chmod(0o500)
    bench.provide({"url": "a.tar.gz"})
    assert bench.files() == {"x": "x"}
    assert [path.name for path in bench.work.parent.iterdir()] == ["work"]


def test_content_sha256_is_conda_builds_digest_of_a_folder(bench: Bench, tar_of: TarOf) -> None:
    tar_of(bench.recipe / "a.tar.gz", [("p/b.txt", "line\r\n"), ("p/d/a", "x"), ("p/skipped", "s")])
    # conda-build's own format: name, kind, content with "\n", "-"
    expected = sha256(b"b.txtFline\n-dD-d/aFx-")
    entry = {"url": "a.tar.gz", "content_sha256": expected, "content_hash_skip": ["skipped"]}
    bench.provide(entry)
    with pytest.raises(RecipeError, match="content_sha256") as caught:
        bench.provide({**entry, "content_hash_skip": []})
    assert caught.value.kind == "hash" and expected in caught.value.message
