"""A package as a whole: installs, says the truth about itself, is the same every time."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cbw_core.errors import BuildError, Interrupted, UsageError
from cbw_core.package import create
from cbw_core.package.contents import placeholder
from cbw_core.process import Cancel
from cbw_core.render.output import Requirements
from support.built import Built, new_build


def program(built: Built) -> None:
    """A library that knows its prefix, a program that needs it, a script, a link."""
    code = f'const char *where(void) {{ return "{built.prefix}/share"; }}'
    built.gcc("lib/libwhere.so.1", "-shared", "-fPIC", "-Wl,-soname,libwhere.so.1", "-Wl,--build-id=none", code=code)
    built.link("lib/libwhere.so", "libwhere.so.1")
    main = "#include <stdio.h>\nconst char *where(void); int main(void) { puts(where()); return 0; }"
    flags = (f"-L{built.prefix}/lib", "-lwhere", f"-Wl,-rpath,{built.prefix}/lib", "-Wl,--build-id=none")
    built.gcc("bin/where", *flags, code=main).chmod(0o755)
    built.write("bin/script", f"#!/bin/sh\nexec {built.prefix}/bin/where\n", 0o755)


@pytest.mark.parametrize("suffix", [".conda", ".tar.bz2"])
def test_it_installs_into_a_short_prefix_and_runs(built: Built, pack: Any, tmp_path: Path, suffix: str) -> None:
    program(built)
    package = pack(built, suffix=suffix)
    assert package.file == tmp_path / "croot/linux-64" / f"thing-1.0-0{suffix}"
    prefix = tmp_path / "p"
    package.install(prefix)
    for tool in ("where", "script"):
        ran = subprocess.run([prefix / "bin" / tool], capture_output=True, text=True, check=True)
        assert ran.stdout == f"{prefix}/share\n"


def test_two_sessions_in_different_folders_give_the_same_bytes(pack: Any, tmp_path: Path) -> None:
    digests = set()
    recipe = tmp_path / "recipe"
    recipe.mkdir()
    (recipe / "post-link.sh").write_text("true\n")
    os.utime(recipe / "post-link.sh", (1_650_000_000, 1_650_000_000))
    for name in ("one", "another-one"):
        (tmp_path / name).mkdir()
        built = new_build(tmp_path / name)
        built.recipe = recipe
        program(built)
        package = pack(built, recipe_dir=str(recipe))
        digests.add(hashlib.sha256(package.file.read_bytes()).hexdigest())
        assert package.json("index.json")["timestamp"] == 1_650_000_000_000
        assert str(tmp_path) not in package.text("paths.json")
    assert len(digests) == 1


def test_a_second_run_gives_the_same_bytes_and_leaves_no_scratch(built: Built, pack: Any) -> None:
    program(built)
    first = pack(built).file.read_bytes()
    for path in built.prefix.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1, 1))
    assert pack(built).file.read_bytes() == first
    assert sorted(path.name for path in built.layout.private.iterdir()) == ["info"]


def test_paths_json_tells_of_every_file_as_it_was_packed(built: Built, pack: Any) -> None:
    text = built.write("etc/conf", f"prefix={built.prefix}\n")
    built.write("share/plain", "data")
    built.link("share/link", "plain")
    built.link("share/folder", "../etc")
    built.link("share/nowhere", "gone")
    package = pack(built, build={"no_link": ["share/plain"]})
    held = placeholder(built.prefix)
    packed = f"prefix={held}\n".encode()
    digest = hashlib.sha256(b"data").hexdigest()
    empty = hashlib.sha256(b"").hexdigest()
    assert len(held) == 255 and text.read_text() == f"prefix={built.prefix}\n"
    assert (package.folder / "etc/conf").read_bytes() == packed
    assert package.json("paths.json")["paths_version"] == 1
    conf = {"_path": "etc/conf", "path_type": "hardlink", "file_mode": "text", "prefix_placeholder": held}
    assert package.json("paths.json")["paths"] == [
        {**conf, "sha256": hashlib.sha256(packed).hexdigest(), "size_in_bytes": len(packed)},
        {"_path": "share/folder", "path_type": "softlink", "sha256": empty, "size_in_bytes": 0},
        {"_path": "share/link", "path_type": "softlink", "sha256": digest, "size_in_bytes": 4},
        {"_path": "share/nowhere", "path_type": "softlink", "sha256": empty, "size_in_bytes": 0},
        {"_path": "share/plain", "path_type": "hardlink", "sha256": digest, "size_in_bytes": 4, "no_link": True},
    ]
    assert package.text("files").splitlines() == [row["_path"] for row in package.json("paths.json")["paths"]]
    assert package.text("has_prefix") == f"{held} text etc/conf\n"
    assert package.text("no_link") == "share/plain\n"


def test_index_json_is_as_conda_build_writes_it(built: Built, pack: Any) -> None:
    package = pack(
        built,
        environ={"SOURCE_DATE_EPOCH": "1700000000"},
        build_number=3,
        requirements=Requirements(
            run=("zlib  >=1.2", "python>=3.8", "abc", "abc"), run_constrained=("bzip2  1.*",), build=("make",)
        ),
        build={"features": ["dummy"], "track_features": ["a", "b"], "provides_features": {"x": "y"},
               "python_site_packages_path": "some/path"},
        meta={"about": {"license": "MIT", "license_family": "MIT", "home": "h"},
              "build": {"include_recipe": False, "features": ["dummy"], "track_features": ["a", "b"],
                        "provides_features": {"x": "y"}, "python_site_packages_path": "some/path"}},
    )  # fmt: skip
    assert package.json("index.json") == {
        "arch": "x86_64",
        "build": "0",
        "build_number": 3,
        "constrains": ["bzip2  1.*"],
        "depends": ["abc", "python >=3.8", "zlib >=1.2"],
        "features": "dummy",
        "license": "MIT",
        "license_family": "MIT",
        "name": "thing",
        "platform": "linux",
        "provides_features": {"x": "y"},
        "python_site_packages_path": "some/path",
        "subdir": "linux-64",
        "timestamp": 1_700_000_000_000,
        "track_features": "a b",
        "version": "1.0",
    }


@pytest.mark.parametrize("kind", ["python", "generic"])
def test_a_noarch_package_has_no_platform_and_lies_in_noarch(
    built: Built, pack: Any, tmp_path: Path, kind: str
) -> None:
    site = "lib/python3.11/site-packages"
    built.write(f"{site}/mod.py", "")
    built.write("bin/tool", f"#!{built.prefix}/bin/python\n", 0o755)
    build = {"noarch": kind, "entry_points": ["go = mod:main"]} if kind == "python" else {"noarch": kind}
    package = pack(built, noarch=kind, subdir="noarch", build=build)
    index = package.json("index.json")
    assert (index["arch"], index["platform"], index["subdir"], index["noarch"]) == (None, None, "noarch", kind)
    assert package.file.parent == tmp_path / "croot/noarch"
    if kind == "python":
        assert list(package.rows) == ["python-scripts/tool", "site-packages/mod.py"]
        assert package.rows["python-scripts/tool"]["file_mode"] == "text"
        assert package.json("link.json") == {
            "noarch": {"type": "python", "entry_points": ["go = mod:main"]},
            "package_metadata_version": 1,
        }
    else:
        assert list(package.rows) == ["bin/tool", f"{site}/mod.py"]
        assert package.json("link.json") == {"noarch": {"type": "generic"}, "package_metadata_version": 1}


def test_about_json_holds_no_secret_and_nothing_of_the_machine(built: Built, pack: Any) -> None:
    extra = {"custom": 1, "parent_recipe": {"name": "p", "version": "2", "path": "/home/me"}}
    about = {"home": "h", "license": "MIT", "tags": "x", "summary": "", "license_file": []}
    package = pack(built, meta={"about": about, "extra": extra, "build": {"include_recipe": False}})
    data = package.json("about.json")
    assert "cbw" in data.pop("conda_build_version")
    assert data == {
        "channels": ["https://host/c"],
        "home": "h",
        "identifiers": [],
        "keywords": [],
        "license": "MIT",
        "tags": ["x"],
        "extra": {
            "custom": 1,
            "final": True,
            "parent_recipe": {"name": "p", "version": "2"},
        },
    }


def test_info_has_run_exports_and_hash_inputs_where_there_are_any(built: Built, pack: Any) -> None:
    package = pack(built, run_exports={"weak": ("thing >=1",), "strong": ()}, hash_input={"c": "1", "a": "2"})
    assert package.json("run_exports.json") == {"weak": ["thing >=1"]}
    assert package.json("hash_input.json") == {"a": "2", "c": "1"}
    assert package.info == [
        "about.json", "files", "git", "hash_input.json", "index.json", "paths.json", "run_exports.json",
    ]  # fmt: skip


def test_pin_depends_strict_writes_exact_requirements(built: Built, pack: Any) -> None:
    requirements = Requirements(run=("python 3.11.1 h0_0", "abc 1 0"))
    package = pack(built, requirements=requirements, build={"pin_depends": "strict"})
    assert package.json("index.json")["depends"] == ["python 3.11.1 h0_0", "abc 1 0"]
    assert package.text("requires").splitlines()[-3:] == ["abc=1=0", "python=3.11.1=h0_0", "thing=1.0=0"]


def test_pip_leaves_no_trace_of_the_session(built: Built, pack: Any) -> None:
    info = "lib/python3.11/site-packages/x-1.0.dist-info"
    script = built.write("bin/x", f"#!{built.prefix}/bin/python\n", 0o755)
    url = json.dumps({"dir_info": {}, "url": f"file://{built.layout.work}"})
    built.write(f"{info}/direct_url.json", url)
    name = info.rpartition("/")[2]
    kept_lines = ["gone.py,sha256=kept,2", f"{name}/INSTALLER,sha256=pips,4", f"{name}/RECORD,,"]
    built.write(f"{info}/INSTALLER", "pip\n")
    built.gcc("lib/python3.11/site-packages/m.so", "-shared", "-fPIC", f"-Wl,-rpath,{built.prefix}/lib")
    changed = ["../../../bin/x,sha256=old,1", "m.so,sha256=old,1", f"{name}/direct_url.json,sha256=old,{len(url)}"]
    built.write(f"{info}/RECORD", "\n".join([*kept_lines, *changed]) + "\n")
    package = pack(built)
    found = (package.folder / info / "direct_url.json").read_text()
    assert json.loads(found)["url"] == "file:///usr/local/src/conda/thing-1.0"
    kept = (package.folder / info / "RECORD").read_text().splitlines()
    assert kept[:3] == kept_lines
    paths = ("bin/x", "lib/python3.11/site-packages/m.so", f"{info}/direct_url.json")
    for line, path in zip(kept[3:], paths, strict=True):
        data = (package.folder / path).read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert line.endswith(f",sha256={digest},{len(data)}")
    assert script.read_text() == f"#!{built.prefix}/bin/python\n"


def test_the_time_of_a_package_is_that_of_its_recipe(built: Built, pack: Any) -> None:
    for n, name in enumerate(("meta.yaml", "sub/patch")):
        file = built.recipe / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("")
        os.utime(file, (1_500_000_000 + n, 1_500_000_000 + n))
    (built.recipe / ".git").mkdir()
    (built.recipe / ".git/index").write_text("newer")
    assert pack(built).json("index.json")["timestamp"] == 1_500_000_001_000
    with pytest.raises(UsageError, match="yesterday"):
        pack(built, environ={"SOURCE_DATE_EPOCH": "yesterday"})


def test_a_session_inside_of_the_recipe_is_no_part_of_it(tmp_path: Path, pack: Any) -> None:
    built = new_build(tmp_path)
    built.recipe = tmp_path
    os.utime(tmp_path, (5, 5))
    shutil.rmtree(tmp_path / "recipe")
    file = tmp_path / "meta.yaml"
    file.write_text("")
    os.utime(file, (1_500_000_000, 1_500_000_000))
    assert pack(built).json("index.json")["timestamp"] == 1_500_000_000_000


def test_an_empty_package_is_told(built: Built, pack: Any) -> None:
    assert pack(built).rows == {}
    assert built.recorder.notes("warning") == []
    (built.recipe / "build.sh").write_text("")
    pack(built)
    assert built.recorder.notes("warning") == ["thing-1.0-0 has no files"]


def test_a_file_that_has_gone_since_post_is_named(built: Built) -> None:
    file = built.write("lib/x", "")
    output = built.output(build={"include_recipe": False})
    post = built.process(output)
    file.unlink()
    with pytest.raises(BuildError, match="lib/x is gone") as caught:
        create(output, built.layout, built.config, post, folder=built.recipe, sink=built.recorder, cancel=Cancel())
    assert "post" in (caught.value.hint or "")


def test_names_that_do_not_install(built: Built, pack: Any) -> None:
    built.write("share/a\nb", "")
    with pytest.raises(BuildError, match="cannot be installed"):
        pack(built)


def test_names_that_are_no_utf8(built: Built, pack: Any) -> None:
    built.write(os.fsdecode(b"share/\xff"), "")
    with pytest.raises(BuildError, match="cannot be installed"):
        pack(built)


def test_paths_that_differ_by_case_are_a_warning(built: Built, pack: Any) -> None:
    built.write("share/README", "")
    built.write("share/readme", "")
    pack(built)
    assert built.recorder.notes("warning") == ["paths that differ only by case: share/README, share/readme"]


def test_names_windows_does_not_allow_are_told_of_noarch_packages(built: Built, pack: Any) -> None:
    for name in ("a:b", "nul.txt", "COM1", "dot.", "console"):
        built.write(f"share/{name}", "")
    pack(built)
    assert built.recorder.notes("warning") == []
    pack(built, noarch="generic", subdir="noarch")
    assert len(built.recorder.notes("warning")) == 4


def test_files_the_build_put_into_info_are_packaged_but_do_not_replace_ours(built: Built, pack: Any) -> None:
    built.write("info/testfile", "mine")
    built.write("info/index.json", "not mine")
    package = pack(built)
    assert (package.folder / "info/testfile").read_text() == "mine"
    assert package.json("index.json")["name"] == "thing"
    assert "info/testfile" in package.rows
    assert any("info/index.json" in warning for warning in built.recorder.notes("warning"))


def test_an_unknown_format_is_refused(built: Built, pack: Any) -> None:
    with pytest.raises(UsageError, match=r"\.zip"):
        pack(built, suffix=".zip")


def test_cancel_leaves_no_package(built: Built) -> None:
    built.write("x", os.urandom(100))
    output = built.output(build={"include_recipe": False})
    post = built.process(output)
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Interrupted):
        create(output, built.layout, built.config, post, folder=built.recipe, sink=built.recorder, cancel=cancel)
    assert not (built.recipe / "linux-64").exists()
