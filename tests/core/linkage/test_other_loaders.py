"""The loaders of macOS and Windows, by what their documents say; and ELF where no loader runs here."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cbw_core.linkage import Judge, Loader, Owner, Resolution, Tree, World
from cbw_core.objects import Binary, Needed

PREFIX = "/env"


def macho(
    *needs: str, rpath: Sequence[str] = (), kind: str = "library", arch: str = "arm64", soname: str = ""
) -> Binary:
    return Binary("Mach-O", kind, arch, soname, tuple(map(Needed, needs)), tuple(rpath))  # type: ignore[arg-type]


def pe(*needs: str, kind: str = "library", delayed: Sequence[str] = (), arch: str = "x86_64") -> Binary:
    needed = (*map(Needed, needs), *(Needed(name, "delay") for name in delayed))
    return Binary("PE", kind, arch, "", needed)  # type: ignore[arg-type]


def world(files: dict[str, Binary | tuple[Binary, ...]], links: dict[str, str] | None = None) -> World:
    binaries = {path: one if isinstance(one, tuple) else (one,) for path, one in files.items()}
    windows = any(b.format == "PE" for read in binaries.values() for b in read)
    return World(Tree((PREFIX,), frozenset(files), links or {}, {}, binaries, folded=windows))


def find(world_: World, path: str, name: str) -> Resolution:
    return Loader(world_).find(path, world_.tree.binaries[path][0], name)


A = macho()


@pytest.mark.parametrize(
    ("files", "name", "where"),
    [
        ({"bin/x": macho("@loader_path/../lib/a.dylib", kind="program"), "lib/a.dylib": A}, "", "lib/a.dylib"),
        ({"bin/x": macho("@executable_path/../lib/a.dylib", kind="program"), "lib/a.dylib": A}, "", "lib/a.dylib"),
        ({"lib/x": macho("@executable_path/../lib/a.dylib"), "lib/a.dylib": A, "bin/y": A}, "", "lib/a.dylib"),
        ({"lib/x": macho("@rpath/a.dylib", rpath=["@loader_path"]), "lib/a.dylib": A}, "", "lib/a.dylib"),
        ({"lib/x": macho("@rpath/a.dylib", rpath=["@loader_path/"]), "lib/a.dylib": A}, "", "lib/a.dylib"),
        ({"lib/x": macho("@rpath/a.dylib", rpath=["/env/lib"]), "lib/a.dylib": A}, "", "lib/a.dylib"),
        ({"lib/x": macho("@rpath/sub/a.dylib", rpath=["@loader_path"]), "lib/sub/a.dylib": A}, "", "lib/sub/a.dylib"),
        ({"lib/x": macho("@rpath/a.dylib"), "lib/a.dylib": A}, "", ""),
        ({"lib/x": macho("/env/lib/a.dylib"), "lib/a.dylib": A}, "", "lib/a.dylib"),
        ({"lib/x": macho("a.dylib"), "lib/a.dylib": A}, "", ""),
        ({"lib/x": macho("@rpath/a.dylib", rpath=["@loader_path"]), "lib/a.dylib": macho(arch="x86_64")}, "", ""),
        (
            {"lib/x": macho("@rpath/a.dylib", rpath=["@loader_path"]), "lib/a.dylib": (macho(arch="x86_64"), A)},
            "a slice of a fat one",
            "lib/a.dylib",
        ),
        (
            {"lib/x": macho("@rpath/a.dylib", rpath=["@loader_path/one", "@loader_path/two"]), "lib/one/a.dylib": A,
             "lib/two/a.dylib": A},
            "the first wins",
            "lib/one/a.dylib",
        ),
        (
            {"bin/p": macho("@loader_path/../lib/x", kind="program", rpath=["@executable_path/../deep"]),
             "lib/x": macho("@rpath/a.dylib"), "deep/a.dylib": A},
            "LC_RPATH of the program that loads it",
            "deep/a.dylib",
        ),
        ({"lib/x": macho("/usr/lib/libSystem.B.dylib")}, "system", "/usr/lib/libSystem.B.dylib"),
        ({"lib/x": macho("/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation")}, "system",
         "/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation"),
    ],
)  # fmt: skip
def test_dyld_finds_libraries_by_its_rules(
    files: dict[str, Binary | tuple[Binary, ...]], name: str, where: str
) -> None:
    path = "bin/x" if "bin/x" in files else "lib/x"
    made = world(files)
    assert find(made, path, made.tree.binaries[path][0].needed[0].name).path == where, name


def test_dyld_takes_the_real_place_of_a_linked_library() -> None:
    made = world(
        {"lib/x": macho("@loader_path/y"), "opt/y": macho("@loader_path/a.dylib"), "opt/a.dylib": A},
        {"lib/y": "../opt/y"},
    )
    loads = Loader(made).loads("lib/x", "arm64")
    assert loads["opt/y", "@loader_path/a.dylib"].path == "opt/a.dylib"


@pytest.mark.parametrize(
    ("files", "name", "where"),
    [
        ({"Library/bin/x.dll": pe("a.dll"), "Library/bin/a.dll": pe()}, "beside it", "Library/bin/a.dll"),
        ({"Library/bin/x.dll": pe("A.DLL"), "Library/bin/a.dll": pe()}, "case", "Library/bin/a.dll"),
        ({"x.dll": pe("a.dll"), "Library/bin/a.dll": pe()}, "PATH", "Library/bin/a.dll"),
        ({"x.dll": pe("a.dll"), "Library/bin/a.dll": pe(), "a.dll": pe()}, "own folder first", "a.dll"),
        ({"x.dll": pe("a.dll"), "elsewhere/a.dll": pe()}, "not on PATH", ""),
        ({"x.dll": pe("a.dll"), "a.dll": pe(arch="arm64")}, "another architecture", ""),
        ({"x.dll": pe("KERNEL32.dll")}, "system", "KERNEL32.dll"),
        ({"x.dll": pe("api-ms-win-crt-heap-l1-1-0.dll"), "api-ms-win-crt-heap-l1-1-0.dll": pe()}, "API set",
         "api-ms-win-crt-heap-l1-1-0.dll"),
        ({"x.dll": pe("VCRUNTIME140.dll"), "vcruntime140.dll": pe()}, "a runtime that is a package",
         "vcruntime140.dll"),
        ({"x.dll": pe("VCRUNTIME140.dll")}, "a runtime that is no system library", ""),
        ({"x.dll": pe(delayed=["a.dll"]), "a.dll": pe()}, "delay-loaded", "a.dll"),
    ],
)  # fmt: skip
def test_windows(files: dict[str, Binary | tuple[Binary, ...]], name: str, where: str) -> None:
    path = next(iter(files))
    made = world(files)
    found = find(made, path, made.tree.binaries[path][0].needed[0].name)
    assert found.path == where, name
    assert (found.where == "system") == (name in ("system", "API set"))


def test_a_delay_loaded_dll_that_is_missing_says_when_it_matters() -> None:
    made = world({"x.dll": pe(delayed=["a.dll"])})
    (file,) = Judge(made).package(Owner("x-1-0", "x", run=()), ["x.dll"]).files
    assert file.needs[0].verdict.word == "missing" and "first call" in file.needs[0].verdict.why


def test_a_weak_link_of_a_mac_may_lead_nowhere() -> None:
    made = world({"lib/x": Binary("Mach-O", "library", "arm64", "", (Needed("@rpath/a.dylib", "weak"),))})
    (file,) = Judge(made).package(Owner("x-1-0", "x", run=()), ["lib/x"]).files
    assert file.needs[0].verdict.word == "ok" and "weak" in file.needs[0].verdict.why


def test_every_slice_of_a_fat_file_is_judged() -> None:
    slices = tuple(macho("@rpath/a.dylib", rpath=["@loader_path"], arch=arch) for arch in ("arm64", "x86_64"))
    made = world({"lib/x": slices, "lib/a.dylib": A})
    words = {f.binary.arch: f.needs[0].verdict.word for f in Judge(made).package(Owner("", "x"), ["lib/x"]).files}
    assert words == {"arm64": "ok", "x86_64": "missing"}


def test_an_extension_module_inherits_the_rpath_of_python() -> None:
    python = Binary("ELF", "program", "x86_64", "", (), ("$ORIGIN/../lib",))
    module = Binary("ELF", "library", "x86_64", "", (Needed("liba.so"),))
    path = "lib/python3.11/site-packages/m.so"
    made = world({"bin/python3.11": python, path: module, "lib/liba.so": Binary("ELF", "library", "x86_64")},
                 {"bin/python": "python3.11"})  # fmt: skip
    found = find(made, path, "liba.so")
    assert found.path == "lib/liba.so" and "when bin/python3.11 loads it" in found.by


def test_versions_of_symbols_that_the_library_found_does_not_define() -> None:
    user = Binary("ELF", "library", "x86_64", "", (Needed("liba.so", "", ("A_1", "A_2")),), ("$ORIGIN",))
    made = world({"lib/x": user, "lib/liba.so": Binary("ELF", "library", "x86_64", defines=("A_1",))})
    (file,) = Judge(made).package(Owner("", "x"), ["lib/x"]).files
    assert file.needs[0].verdict.word == "missing" and "A_2" in file.needs[0].verdict.why
