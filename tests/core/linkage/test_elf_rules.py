"""The loader's rules for ELF: what is found for a made program equals what ld.so itself says (LD_DEBUG=libs)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cbw_core.linkage import Loader, System, World
from cbw_core.linkage.scan import Scan, scan, tree_of
from cbw_core.objects import Binary, read_files
from support.made_binaries import MadePrefix

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("gcc") is None, reason="the real loader is asked: Linux and gcc are needed"
)

OLD = "-Wl,--disable-new-dtags"  # DT_RPATH
NEW = "-Wl,--enable-new-dtags"  # DT_RUNPATH


def rpath(*entries: str, kind: str = NEW) -> tuple[str, ...]:
    return (kind, f"-Wl,-rpath,{':'.join(entries)}")


Make = Callable[[MadePrefix], None]
CASES: dict[str, Make] = {}


def case(make: Make) -> Make:
    """Makes bin/main and what it needs."""
    CASES[make.__name__] = make
    return make


@case
def runpath_of_the_program(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib"))


@case
def rpath_of_the_program(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib", kind=OLD))


@case
def absolute_rpath(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so", flags=rpath(f"{p.root}/lib"))


@case
def no_rpath_at_all(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so")


@case
def rpath_is_inherited(p: MadePrefix) -> None:
    p.library("lib/libb.so")
    p.library("lib/liba.so", "lib/libb.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib", kind=OLD))


@case
def runpath_is_not_inherited(p: MadePrefix) -> None:
    p.library("lib/libb.so")
    p.library("lib/liba.so", "lib/libb.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib"))


@case
def rpath_is_inherited_over_two_steps(p: MadePrefix) -> None:
    p.library("lib/libc_.so")
    p.library("lib/libb.so", "lib/libc_.so")
    p.library("lib/liba.so", "lib/libb.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib", kind=OLD))


@case
def rpath_of_a_library_in_between(p: MadePrefix) -> None:
    p.library("deep/libc_.so")
    p.library("lib/libb.so", "deep/libc_.so")
    p.library("lib/liba.so", "lib/libb.so", flags=rpath("$ORIGIN", "$ORIGIN/../deep", kind=OLD))
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib"))


@case
def a_runpath_in_the_library_shuts_out_the_programs_rpath(p: MadePrefix) -> None:
    p.library("lib/libb.so")
    p.library("lib/liba.so", "lib/libb.so", flags=rpath("$ORIGIN/../nowhere"))
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib", kind=OLD))


@case
def own_rpath_comes_before_the_programs(p: MadePrefix) -> None:
    p.library("one/libb.so")
    p.library("two/libb.so")
    p.library("lib/liba.so", "one/libb.so", flags=rpath("$ORIGIN/../one", kind=OLD))
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib", "$ORIGIN/../two", kind=OLD))


@case
def the_first_folder_wins(p: MadePrefix) -> None:
    p.library("one/liba.so")
    p.library("two/liba.so")
    p.program("bin/main", "one/liba.so", flags=rpath("$ORIGIN/../two", "$ORIGIN/../one"))


@case
def a_folder_that_is_not_there_is_passed_over(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("/nowhere/at/all", "$ORIGIN/../lib"))


@case
def origin_in_braces(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("${ORIGIN}/../lib"))


@case
def origin_alone(p: MadePrefix) -> None:
    p.library("bin/liba.so")
    p.program("bin/main", "bin/liba.so", flags=rpath("$ORIGIN"))


@case
def origin_of_a_program_that_is_a_link(p: MadePrefix) -> None:
    p.library("opt/lib/liba.so")
    p.program("opt/bin/real", "opt/lib/liba.so", flags=rpath("$ORIGIN/../lib"))
    p.link("bin/main", "../opt/bin/real")


@case
def origin_of_a_library_behind_a_link_is_where_it_was_opened(p: MadePrefix) -> None:
    p.library("lib/libb.so")
    p.library("opt/deep/liba.so", "lib/libb.so", flags=rpath("$ORIGIN"))
    p.link("lib/liba.so", "../opt/deep/liba.so")
    p.program("bin/main", "opt/deep/liba.so", flags=rpath("$ORIGIN/../lib"))


@case
def origin_of_a_library_behind_a_link_misses_its_neighbours(p: MadePrefix) -> None:
    p.library("opt/deep/libb.so")
    p.library("opt/deep/liba.so", "opt/deep/libb.so", flags=rpath("$ORIGIN"))
    p.link("lib/liba.so", "../opt/deep/liba.so")
    p.program("bin/main", "opt/deep/liba.so", flags=rpath("$ORIGIN/../lib"))


@case
def a_folder_that_is_a_link(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.link("lib64", "lib")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib64"))


@case
def a_link_to_a_link(p: MadePrefix) -> None:
    p.library("lib/liba.so.1.2.3", soname="liba.so.1")
    p.link("lib/liba.so.1.2", "liba.so.1.2.3")
    p.link("lib/liba.so.1", "liba.so.1.2")
    p.program("bin/main", "lib/liba.so.1.2.3", flags=rpath("$ORIGIN/../lib"))


@case
def a_link_that_leads_nowhere(p: MadePrefix) -> None:
    p.library("lib/liba.so.1.2", soname="liba.so.1")
    p.link("lib/liba.so.1", "gone.so")
    p.program("bin/main", "lib/liba.so.1.2", flags=rpath("$ORIGIN/../lib"))


@case
def links_in_a_ring(p: MadePrefix) -> None:
    p.library("lib/liba.so.1.2", soname="liba.so.1")
    p.link("lib/liba.so.1", "liba.so.2")
    p.link("lib/liba.so.2", "liba.so.1")
    p.program("bin/main", "lib/liba.so.1.2", flags=rpath("$ORIGIN/../lib"))


@case
def two_that_need_each_other(p: MadePrefix) -> None:
    p.library("lib/libb.so")
    p.library("lib/liba.so", "lib/libb.so", flags=rpath("$ORIGIN"))
    p.library("lib/libb.so", "lib/liba.so", flags=rpath("$ORIGIN"))
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib"))


@case
def loaded_already_by_its_soname(p: MadePrefix) -> None:
    p.library("lib/libb.so")
    p.library("lib/liba.so", "lib/libb.so")
    p.program("bin/main", "lib/libb.so", "lib/liba.so", flags=rpath("$ORIGIN/../lib"))


@case
def loaded_already_though_needed_later(p: MadePrefix) -> None:
    p.library("lib/libb.so")
    p.library("lib/liba.so", "lib/libb.so")
    p.program("bin/main", "lib/liba.so", "lib/libb.so", flags=rpath("$ORIGIN/../lib"))


@case
def a_soname_other_than_the_files_name(p: MadePrefix) -> None:
    p.library("lib/libwrong.so", soname="liba.so.7")
    p.program("bin/main", "lib/libwrong.so", flags=rpath("$ORIGIN/../lib"))


@case
def missing(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib"))
    (p.root / "lib/liba.so").unlink()


@case
def one_missing_of_two(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.library("lib/libb.so")
    p.program("bin/main", "lib/liba.so", "lib/libb.so", flags=rpath("$ORIGIN/../lib"))
    (p.root / "lib/libb.so").unlink()


@case
def no_elf_file_ends_the_search(p: MadePrefix) -> None:
    p.library("two/liba.so")
    (p.root / "one").mkdir()
    (p.root / "one/liba.so").write_text("INPUT(-lsomething)\n" * 20)
    p.program("bin/main", "two/liba.so", flags=rpath("$ORIGIN/../one", "$ORIGIN/../two"))


@case
def another_architecture_is_passed_over(p: MadePrefix) -> None:
    p.library("two/liba.so")
    (p.root / "one").mkdir()
    data = bytearray((p.root / "two/liba.so").read_bytes())
    data[18:20] = (183).to_bytes(2, "little")  # EM_AARCH64
    (p.root / "one/liba.so").write_bytes(data)
    p.program("bin/main", "two/liba.so", flags=rpath("$ORIGIN/../one", "$ORIGIN/../two"))


@case
def a_folder_of_that_name_ends_the_search(p: MadePrefix) -> None:
    p.library("two/liba.so")
    (p.root / "one/liba.so").mkdir(parents=True)
    p.program("bin/main", "two/liba.so", flags=rpath("$ORIGIN/../one", "$ORIGIN/../two"))


@case
def the_systems_zlib(p: MadePrefix) -> None:
    p.program("bin/main", flags=("-l:libz.so.1",))


@case
def the_prefix_has_the_systems_library_too(p: MadePrefix) -> None:
    p.library("lib/libz.so.1")
    p.program("bin/main", "lib/libz.so.1", flags=rpath("$ORIGIN/../lib"))


@case
def rpath_comes_before_the_systems_folders(p: MadePrefix) -> None:
    p.library("lib/libm.so.6")
    p.program("bin/main", "lib/libm.so.6", flags=rpath("$ORIGIN/../lib", kind=OLD))


@case
def nodefaultlib(p: MadePrefix) -> None:
    p.program("bin/main", flags=("-Wl,-z,nodefaultlib", "-l:libz.so.1"))


@case
def a_slash_at_the_end_of_an_entry(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib/"))


@case
def dots_in_the_middle_of_an_entry(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/./../bin/../lib"))


@case
def dots_behind_a_link(p: MadePrefix) -> None:
    p.library("opt/lib/liba.so")
    p.library("lib/libother.so")
    (p.root / "opt/sub").mkdir()
    p.link("sub", "opt/sub")
    p.program("bin/main", "opt/lib/liba.so", flags=rpath("$ORIGIN/../sub/../lib"))


@case
def lib_as_the_system_calls_it(p: MadePrefix) -> None:
    p.library("lib/x86_64-linux-gnu/liba.so")
    p.library("lib64/liba.so")
    p.program("bin/main", "lib64/liba.so", flags=rpath("$ORIGIN/../$LIB"))


@case
def setuid_does_not_count(p: MadePrefix) -> None:
    p.library("lib/liba.so")
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib"))
    (p.root / "bin/main").chmod(0o4755)


@case
def a_whole_family(p: MadePrefix) -> None:
    p.library("lib/libd.so")
    p.library("lib/libb.so", "lib/libd.so", flags=rpath("$ORIGIN"))
    p.library("lib/libc_.so", "lib/libd.so", flags=rpath("$ORIGIN", kind=OLD))
    p.library("lib/liba.so", "lib/libb.so", "lib/libc_.so", flags=rpath("$ORIGIN"))
    p.program("bin/main", "lib/liba.so", flags=rpath("$ORIGIN/../lib"))


@case
def a_path_as_the_name(p: MadePrefix) -> None:
    p.library("lib/liba.so", soname=f"{p.root}/lib/liba.so")
    p.program("bin/main", "lib/liba.so")


@case
def origin_in_a_name(p: MadePrefix) -> None:
    p.library("lib/liba.so", soname="$ORIGIN/../lib/liba.so")
    p.program("bin/main", "lib/liba.so")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Scan, dict[str, tuple[Binary, ...]]]]:
    """All cases, made side by side and read in one go."""
    top = tmp_path_factory.mktemp("cases")

    def make(name: str) -> Path:
        prefix = MadePrefix(top / name)
        CASES[name](prefix)
        return prefix.root

    with ThreadPoolExecutor(2) as pool:
        roots = dict(zip(CASES, pool.map(make, CASES), strict=True))
    found = {name: scan(str(root)) for name, root in roots.items()}
    files = [(name, path) for name in CASES for path in found[name].candidates]
    binaries: dict[str, dict[str, tuple[Binary, ...]]] = {name: {} for name in CASES}
    for (name, path), read in zip(files, read_files([f"{roots[n]}/{p}" for n, p in files]), strict=True):
        binaries[name][path] = read.binaries
    return {name: (roots[name], found[name], binaries[name]) for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_the_loader_finds_the_same(
    name: str, made: dict[str, tuple[Path, Scan, dict[str, tuple[Binary, ...]]]]
) -> None:
    root, found, binaries = made[name]
    assert ours(root, found, binaries) == the_loaders(root)


def ours(root: Path, found: Scan, binaries: dict[str, tuple[Binary, ...]]) -> dict[str, str]:
    """Last part of a name -> real path, of all that bin/main loads; the first that is missing ends it, as in ld.so."""
    world = World(tree_of(found, binaries), System("/"))
    program = world.tree.real("bin/main")
    assert program is not None
    got: dict[str, str] = {}
    for step in Loader(world).steps(program, "x86_64"):
        where, name = step.resolution, Path(step.name).name
        if where.where == "nowhere":
            got[name] = "missing"
            break
        path = where.path if where.path.startswith("/") else f"{root}/{where.path}"
        got.setdefault(name, os.path.realpath(path))
    return {name: path for name, path in got.items() if not name.startswith("libc.so")}


def the_loaders(root: Path) -> dict[str, str]:
    """What ld.so itself does, from its own trace: what was needed, what was opened for it, what was missing."""
    done = subprocess.run([str(root / "bin/main")], env={"LD_DEBUG": "files,libs"}, capture_output=True, text=True)
    names = [Path(name).name for name in re.findall(r"file=(\S+) \[0\];  needed by", done.stderr)]
    got = {name: opened_at(done.stderr, name, root) for name in names if not name.startswith("libc.so")}
    if failed := re.search(r"error while loading shared libraries: ([^:]+): ", done.stderr):
        got[Path(failed[1]).name] = "missing"
    return got


def opened_at(text: str, name: str, root: Path) -> str:
    """The last place that was tried for a library; a name that is a path is opened there at once."""
    tried = re.findall(rf"trying file=(\S*/{re.escape(name)})$", text, flags=re.M)
    return os.path.realpath(tried[-1] if tried else root / "lib" / name)
