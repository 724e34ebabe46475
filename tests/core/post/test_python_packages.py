"""Bytecode, eggs, entry points, noarch."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import BuildError, RecipeError
from cbw_core.post import PostResult

SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
TAG = sys.implementation.cache_tag


def cached(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.{TAG}.pyc".lstrip("/")


def test_python_files_are_compiled_without_the_prefix_in_them(built: Any, python: Path) -> None:
    source = built.write(f"{SITE}/mod.py", "def f():\n    return 1\n")
    result = built.process()
    bytecode = built.prefix / cached(f"{SITE}/mod.py")
    assert result.files == (cached(f"{SITE}/mod.py"), f"{SITE}/mod.py")
    data = bytecode.read_bytes()
    assert str(built.prefix).encode() not in data
    assert int.from_bytes(data[4:8], "little") == 0b11  # checked by hash
    assert data[8:16] == importlib.util.source_hash(source.read_bytes())


def test_bytecode_is_the_same_whenever_it_is_made(built: Any, python: Path) -> None:
    built.write(f"{SITE}/mod.py", "X = {'a': (1, 2)}\nclass C:\n    '''doc'''\n")
    built.process()
    file = built.prefix / cached(f"{SITE}/mod.py")
    first = file.read_bytes()
    file.write_bytes(b"what pip left")
    (built.prefix / SITE / "mod.py").touch()
    built.process()
    assert file.read_bytes() == first


def test_what_is_not_compiled(built: Any, python: Path) -> None:
    built.write("bin/tool.py", "x = 1\n")
    built.write(f"{SITE}/skipped.py", "x = 1\n")
    built.write(f"{SITE}/broken.py", "x = = 1\n")
    built.write(f"{SITE}/fine.py", "x = 1\n")
    result = built.process(build={"skip_compile_pyc": ["*/./skip*"]})
    assert [path for path in result.files if path.endswith(".pyc")] == [cached(f"{SITE}/fine.py")]
    assert any("broken.py" in note for note in built.recorder.notes())


def test_without_a_python_nothing_is_compiled(built: Any) -> None:
    built.write(f"{SITE}/mod.py", "")
    assert built.process().files == (f"{SITE}/mod.py",)


def test_a_module_in_the_prefix_does_not_disturb_the_compiler(built: Any, python: Path) -> None:
    built.write("py_compile.py", "raise SystemExit('disturbed')\n")
    assert cached("py_compile.py") in built.process().files


def test_a_python_that_does_not_start_is_an_error(built: Any) -> None:
    built.write("bin/python", "#!/bin/sh\necho no good; exit 3\n", 0o755, of="python-3.11.0-0")
    built.write("lib/x.py", "")
    with pytest.raises(BuildError, match="exit status 3") as caught:
        built.process()
    assert caught.value.details == "no good"


def test_optimised_bytecode_goes(built: Any) -> None:
    for name in ("a.pyo", f"__pycache__/a.{TAG}.opt-1.pyc"):
        built.write(f"{SITE}/{name}", "")
    assert built.process().files == ()
    assert built.new_files() == []


def test_installer_says_conda(built: Any) -> None:
    built.write(f"{SITE}/x-1.dist-info/INSTALLER", "pip\n")
    built.process()
    assert (built.prefix / SITE / "x-1.dist-info/INSTALLER").read_text() == "conda"


def test_a_dist_info_of_another_version_is_an_error(built: Any) -> None:
    built.write(f"{SITE}/thing-2.0.dist-info/METADATA", "")
    with pytest.raises(BuildError, match=r"version 2\.0, the package of version 1\.0"):
        built.process()
    built.write(f"{SITE}/thing-1.0.dist-info/METADATA", "")
    (built.prefix / SITE / "thing-2.0.dist-info/METADATA").unlink()
    built.process()


def egg(built: Any) -> None:
    built.write(f"{SITE}/easy-install.pth", "")
    for name in ("pkg/__init__.py", "EGG-INFO/PKG-INFO", "__pycache__/x.pyc"):
        built.write(f"{SITE}/pkg-1.0-py3.11.egg/{name}", name)


def test_egg_folders_are_laid_open(built: Any, tree: Any) -> None:
    egg(built)
    new = built.new_files()
    result = built.process(new_files=new)
    assert result.files == (f"{SITE}/pkg-1.0-py3.11.egg-info/PKG-INFO", f"{SITE}/pkg/__init__.py")
    assert built.files() == list(result.files)
    before = tree()
    assert built.process(new_files=new) == result == built.process()
    assert tree() == before


def test_preserved_egg_folders_get_a_pth(built: Any) -> None:
    egg(built)
    result = built.process(build={"preserve_egg_dir": True})
    assert (built.prefix / SITE / "pkg.pth").read_text() == "./pkg-1.0-py3.11.egg\n"
    assert f"{SITE}/pkg.pth" in result.files and f"{SITE}/pkg-1.0-py3.11.egg/EGG-INFO/PKG-INFO" in result.files


def test_egg_files_get_a_pth(built: Any) -> None:
    built.write(f"{SITE}/pkg-1.0-py3.11.egg", b"PK")
    assert f"{SITE}/pkg.pth" in built.process().files


def test_entry_points_are_written_and_run(built: Any, python: Path) -> None:
    built.write(f"{SITE}/mod.py", "class A:\n    @staticmethod\n    def go():\n        print('went'); return 5\n")
    result = built.process(build={"entry_points": ["go = mod:A.go"]})
    script = built.prefix / "bin/go"
    assert "bin/go" in result.files and result.prefix_files["bin/go"][1] == "text"
    assert script.read_text().startswith(f"#!{built.prefix}/bin/python\n")
    ran = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env={"PYTHONPATH": str(built.prefix / SITE)}
    )
    assert (ran.returncode, ran.stdout) == (5, "went\n")


def test_a_malformed_entry_point_is_named_with_its_line(built: Any, meta_yaml: Any) -> None:
    meta_yaml("build:\n  entry_points:\n    - go mod.main\n")
    with pytest.raises(RecipeError, match=r"go mod\.main") as caught:
        built.process(build={"entry_points": ["go mod.main"]})
    assert caught.value.place is not None and caught.value.place.line == 3


def noarch(built: Any, **changes: Any) -> PostResult:
    result: PostResult = built.process(noarch="python", **changes)
    return result


def test_noarch_python_files_move_in_the_package_only(built: Any, python: Path) -> None:
    built.write(f"{SITE}/mod.py", "")
    built.write(cached(f"{SITE}/mod.py"), "")
    built.write(f"{SITE}/mod.egg-info", "")
    built.write("bin/tool", "#!/x/bin/python\n", 0o755)
    built.write("bin/go", "made by pip", 0o755)
    built.write("share/x", "")
    result = noarch(built, build={"entry_points": ["go = mod:main"]})
    assert result.files == ("bin/tool", f"{SITE}/mod.py", "share/x")
    assert result.targets == {"bin/tool": "python-scripts/tool", f"{SITE}/mod.py": "site-packages/mod.py"}
    assert result.entry_points == ("go = mod:main",)
    assert (built.prefix / SITE / "mod.py").is_file()
    assert result.prefix_files == {"bin/tool": (str(built.prefix), "text")}
    assert noarch(built, build={"entry_points": ["go = mod:main"]}) == result


def test_noarch_scripts_hold_the_prefix_even_where_others_are_listed(built: Any) -> None:
    built.write("bin/tool", f"#!{built.prefix}/bin/python\n", 0o755)
    built.write("etc/conf", str(built.prefix))
    result = noarch(built, build={"has_prefix_files": ["etc/conf"]})
    assert set(result.prefix_files) == {"bin/tool", "etc/conf"}


def test_a_binary_script_in_a_noarch_package_is_refused(built: Any) -> None:
    built.write("bin/tool", b"\x7fELF\xff\xfe")
    with pytest.raises(BuildError, match="bin/tool is a binary"):
        noarch(built)


def test_two_files_that_meet_are_refused(built: Any) -> None:
    for version in ("3.10", "3.11"):
        built.write(f"lib/python{version}/site-packages/x.py", "")
    with pytest.raises(BuildError, match=r"would both be site-packages/x\.py"):
        noarch(built)


def test_python_version_independent_packages_move_too_with_their_scripts(built: Any, python: Path) -> None:
    built.write(f"{SITE}/mod.py", "")
    result = built.process(build={"python_version_independent": True, "entry_points": ["go = mod:main"]})
    assert set(result.targets.values()) == {"site-packages/mod.py", "python-scripts/go"}
    assert result.entry_points == ("go = mod:main",)


def test_noarch_generic_keeps_its_paths(built: Any) -> None:
    built.write("share/x", "")
    built.write("share/mod.pyc", "")
    result = built.process(noarch="generic")
    assert (result.files, result.targets) == (("share/x",), {})


def test_a_result_comes_back_from_json(built: Any) -> None:
    import json

    built.write("bin/tool", f"#!{built.prefix}/bin/python\n")
    built.write("x", "")
    result = noarch(built, build={"no_link": ["x"]})
    assert PostResult.from_json(json.loads(json.dumps(result.to_json()))) == result
