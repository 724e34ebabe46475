"""ELF files find their libraries by paths relative to themselves."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import BuildError, RecipeError
from cbw_core.post import elf


def rpath(file: Path) -> list[str]:
    dynamic = elf.read(file)
    assert dynamic is not None
    return list(dynamic.rpath)


def shared(built: Any, path: str, *entries: object, flags: tuple[str, ...] = ()) -> Path:
    found = [f"-Wl,-rpath,{entry}" for entry in entries]
    file: Path = built.gcc(path, "-shared", "-fPIC", *found, *flags)
    return file


def test_absolute_entries_into_the_prefix_become_relative(built: Any) -> None:
    file = shared(built, "lib/sub/libx.so", f"{built.prefix}/lib", f"{built.prefix}/lib/other", "$ORIGIN/kept")
    built.process()
    assert rpath(file) == ["$ORIGIN/..", "$ORIGIN/../other", "$ORIGIN/kept"]


def test_it_becomes_an_rpath_and_no_runpath(built: Any) -> None:
    file = shared(built, "lib/libx.so", "$ORIGIN/.", flags=("-Wl,--enable-new-dtags",))
    assert elf.read(file).has_runpath  # type: ignore[union-attr]
    built.process()
    assert not elf.read(file).has_runpath  # type: ignore[union-attr]
    assert rpath(file) == ["$ORIGIN/."]


def test_lib_is_added_where_there_is_none(built: Any) -> None:
    files = [shared(built, path) for path in ("lib/libx.so", "lib/python3.11/site-packages/p/m.so", "libtop.so")]
    built.process()
    assert [rpath(file) for file in files] == [["$ORIGIN/."], ["$ORIGIN/../../.."], ["$ORIGIN/lib"]]


def test_a_program_runs_with_its_library_elsewhere(built: Any, tmp_path: Path) -> None:
    shared(built, "lib/libanswer.so")
    built.gcc(
        "bin/ask", "-Wl,-rpath," + str(built.prefix / "lib"), f"-L{built.prefix}/lib", "-lanswer",
        code="int answer(void); int main(void) { return answer(); }",
    )  # fmt: skip
    (built.prefix / "bin/ask").chmod(0o755)
    built.process()
    moved = tmp_path / "moved"
    built.prefix.rename(moved)
    assert subprocess.run([moved / "bin/ask"]).returncode == 42


def test_entries_outside_go_and_leaks_are_told(built: Any) -> None:
    build, work = built.layout.build_prefix, built.layout.work
    file = shared(built, "lib/libx.so", "/opt/elsewhere", f"{build}/lib", f"{work}/out", "relative")
    built.process()
    assert rpath(file) == ["$ORIGIN/."]
    said = [(e.what, e.why) for e in built.recorder.events if hasattr(e, "what")]
    assert [what for what, _ in said] == ["rpath-outside", "rpath-leak", "rpath-leak", "rpath-outside"]
    assert "build prefix" in said[1][1] and "work folder" in said[2][1]
    assert str(build).encode() not in file.read_bytes()


def test_build_rpaths_are_written_relative_to_the_file(built: Any) -> None:
    file = shared(built, "lib/libx.so")
    built.process(build={"rpaths": ["lib", "lib/R/lib", "/opt/system"]})
    assert rpath(file) == ["$ORIGIN/.", "$ORIGIN/R/lib", "/opt/system"]


def test_an_empty_rpaths_adds_none(built: Any) -> None:
    file = shared(built, "lib/libx.so")
    built.process(build={"rpaths": [""]})
    assert rpath(file) == []


@pytest.mark.parametrize("patcher", ["lief", "LIEF", "patchelf"])
def test_rpaths_are_written_by_either_patcher_and_the_library_still_loads(built: Any, patcher: str) -> None:
    file = shared(built, "lib/libx.so", f"{built.prefix}/lib", "/opt/elsewhere")
    built.process(build={"rpaths_patcher": patcher})
    assert rpath(file) == ["$ORIGIN/."]
    code = f"import ctypes; assert ctypes.CDLL({str(file)!r}).answer() == 42"
    import sys

    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_patcher_is_refused(built: Any) -> None:
    with pytest.raises(RecipeError, match="chrpath"):
        built.process(build={"rpaths_patcher": "chrpath"})


def test_binary_relocation_false_and_a_list(built: Any) -> None:
    one, two = (shared(built, f"lib/lib{n}.so", f"{built.prefix}/lib") for n in "ab")
    built.process(build={"binary_relocation": False})
    assert rpath(one) == rpath(two) == [f"{built.prefix}/lib"]
    built.process(build={"binary_relocation": ["lib/liba*"]})
    assert (rpath(one), rpath(two)) == (["$ORIGIN/."], [f"{built.prefix}/lib"])


def test_objects_static_programs_debug_files_and_rubbish_are_left_alone(built: Any) -> None:
    built.gcc("lib/code.o", "-c")
    built.gcc("bin/static", "-static", code="int main(void) { return 0; }")
    shared(built, "lib/libx.so.debug", "/opt/elsewhere")
    built.write("lib/short.so", b"\x7fELF")
    built.write("lib/rubbish.so", b"\x7fELF" + bytes(range(256)))
    before = {path: (built.prefix / path).read_bytes() for path in built.files()}
    built.process()
    assert {path: (built.prefix / path).read_bytes() for path in built.files()} == before


def test_a_second_run_changes_nothing(built: Any, tree: Any) -> None:
    shared(built, "lib/libx.so", f"{built.prefix}/lib", "/opt/elsewhere")
    first, files = built.process(), tree()
    assert built.process() == first
    assert tree() == files


def test_read_only_files_are_relocated(built: Any) -> None:
    file = shared(built, "lib/libx.so", "/opt/elsewhere")
    file.chmod(0o555)
    built.process()
    assert rpath(file) == ["$ORIGIN/."]


def test_verdicts_about_libraries(built: Any) -> None:
    from cbw_core.render.output import Requirements

    shared(built, "lib/libdep.so")
    built.owned["lib/libdep.so"] = "some-dep-1.0-h0_0"
    shared(built, "lib/libgone.so")
    user = shared(built, "lib/libuser.so", flags=(f"-L{built.prefix}/lib", "-Wl,--no-as-needed", "-ldep", "-lgone"))
    (built.prefix / "lib/libgone.so").unlink()
    result = built.process()
    assert [(v.what, v.file) for v in result.verdicts] == [
        ("missing", "lib/libuser.so"),
        ("overlinked", "lib/libuser.so"),
    ]
    assert "some-dep" in result.verdicts[1].why
    run = Requirements(run=("some-dep >=1",))
    assert built.process(requirements=run, build={"missing_dso_whitelist": ["*/libgone*", "libgone*"]}).verdicts == ()
    assert built.process(build={"overlinking_ignore_patterns": ["lib/libu*"]}).verdicts == ()
    with pytest.raises(BuildError, match="libgone") as caught:
        built.process(build={"error_overlinking": True})
    assert "some-dep" in (caught.value.details or "")
    assert user.is_file()
    built.config = replace(built.config, error_overlinking=True)
    with pytest.raises(BuildError, match="libgone") as caught:
        built.process()
    assert caught.value.kind == "overlinking" and "--error-overlinking" in (caught.value.why or "")
    assert built.process(build={"error_overlinking": False}).verdicts, "the recipe wins"


def test_a_library_in_run_that_nothing_needs_is_told_or_refused(built: Any) -> None:
    from cbw_core.render.output import Requirements

    for name in ("used", "idle"):
        shared(built, f"lib/lib{name}.so", flags=(f"-Wl,-soname,lib{name}.so",))
        built.owned[f"lib/lib{name}.so"] = f"lib{name}-1.0-h0_0"
    shared(built, "lib/libuser.so", flags=(f"-L{built.prefix}/lib", "-Wl,--no-as-needed", "-lused"))
    run = Requirements(run=("libused", "libidle >=1", "python"))
    assert [(v.what, v.file) for v in built.process(requirements=run).verdicts] == [
        ("overdepending", "requirements/run")
    ]
    assert built.process(requirements=run, build={"ignore_run_exports": ["libidle"]}).verdicts == ()
    built.config = replace(built.config, error_overdepending=True)
    with pytest.raises(BuildError, match="libidle") as caught:
        built.process(requirements=run)
    assert caught.value.kind == "overdepending"
    assert built.process(requirements=run, build={"error_overdepending": False}).verdicts
    built.config = replace(built.config, error_overlinking=True)
    with pytest.raises(BuildError) as both:
        built.process(requirements=Requirements(run=("libidle",)))
    assert both.value.kind == "overlinking"
    assert "overdepending: " in (both.value.details or "") and "overlinked: " in (both.value.details or "")


def test_an_absolute_rpath_that_stays_is_told_unless_it_may(built: Any) -> None:
    shared(built, "lib/libx.so", "/opt/elsewhere")
    left = {"binary_relocation": False}
    assert [v.what for v in built.process(build=left).verdicts] == ["absolute rpath"]
    for field in ("runpath_whitelist", "runpath_allowlist"):
        assert built.process(build={**left, field: ["lib/libx*"]}).verdicts == ()
