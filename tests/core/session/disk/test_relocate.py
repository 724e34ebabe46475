from pathlib import Path

from cbw_core.session.disk import relocate


def test_text_takes_a_new_path_of_any_length_and_keeps_its_time(tmp_path: Path) -> None:
    file = tmp_path / "x.pc"
    file.write_text("prefix=/old/place\n")
    before = file.stat().st_mtime_ns
    relocate.rewrite(tmp_path, [(b"/old/place", b"/somewhere/else/entirely")])
    assert file.read_text() == "prefix=/somewhere/else/entirely\n"
    assert file.stat().st_mtime_ns == before


def test_a_binary_takes_only_a_path_of_the_same_length(tmp_path: Path) -> None:
    file = tmp_path / "a.o"
    file.write_bytes(b"\x7fELF\0/old/one\0/old/three\0")
    relocate.rewrite(tmp_path, [(b"/old/one", b"/new/two"), (b"/old/three", b"/x")])
    assert file.read_bytes() == b"\x7fELF\0/new/two\0/old/three\0"


def test_links_and_read_only_files_are_rewritten(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/old/lib/libz.so")
    (tmp_path / "file").write_text("/old")
    (tmp_path / "file").chmod(0o444)
    relocate.rewrite(tmp_path, [(b"/old", b"/new")])
    assert str((tmp_path / "link").readlink()) == "/new/lib/libz.so"
    assert (tmp_path / "file").read_text() == "/new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o444
