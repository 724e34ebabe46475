"""Shebangs, link scripts and symbolic links."""

from __future__ import annotations

import os
from typing import Any

import pytest

from cbw_core.errors import BuildError


@pytest.mark.parametrize(
    ("first", "changed"),
    [
        ("#!/usr/bin/python", True),
        ("#!/some/where/pythonw -E", True),
        ("#!/usr/bin/env python", False),
        ("#!/usr/bin/python3.11", False),
        ("#!/bin/sh", False),
        ("no shebang /python", False),
    ],
)
def test_shebangs_of_the_build_become_the_prefixs_python(built: Any, first: str, changed: bool) -> None:
    file = built.write("bin/tool", f"{first}\nrest\n")
    built.process()
    wanted = f"#!{built.prefix}/bin/python" if changed else first
    assert file.read_text() == f"{wanted}\nrest\n"
    assert file.stat().st_mode & 0o777 == 0o775


def test_a_shebang_in_the_last_line_and_bytes_that_are_no_text(built: Any) -> None:
    built.write("bin/a", "#!/x/python")
    built.write("bin/b", b"#!/x/python\n\xff\xfe\x00")
    built.process()
    start = f"#!{built.prefix}/bin/python".encode()
    assert (built.prefix / "bin/a").read_bytes() == start
    assert (built.prefix / "bin/b").read_bytes() == start + b"\n\xff\xfe\x00"


def test_scripts_elsewhere_stay(built: Any) -> None:
    file = built.write("share/tool", "#!/x/python\n")
    built.process()
    assert file.read_text() == "#!/x/python\n"


def test_link_scripts_of_a_recipe(built: Any) -> None:
    (built.recipe / "post-link.sh").write_text("echo hi\n")
    (built.recipe / "pre-unlink.sh").write_text("echo bye\n")
    result = built.process()
    assert result.files == ("bin/.thing-post-link.sh", "bin/.thing-pre-unlink.sh")
    assert os.access(built.prefix / "bin/.thing-post-link.sh", os.X_OK)


def test_link_scripts_of_an_output(built: Any) -> None:
    for name in ("post-link", "thing-post-link", "mine"):
        (built.recipe / f"{name}.sh").write_text(name)
    output = {"is_output": True, "script": "x.sh"}
    built.process(**output)
    assert (built.prefix / "bin/.thing-post-link.sh").read_text() == "thing-post-link"
    built.process(**output, build={"post-link": "mine"})
    assert (built.prefix / "bin/.thing-post-link.sh").read_text() == "mine"


def links(built: Any) -> dict[str, str]:
    return {path: str((built.prefix / path).readlink()) for path in built.files() if (built.prefix / path).is_symlink()}


def test_links_into_the_prefix_become_relative(built: Any) -> None:
    built.write("lib/libz.so.1.2", "")
    built.link("lib/libz.so.1", "libz.so.1.2")
    built.link("lib/libz.so", "libz.so.1")
    built.link("bin/abs", f"{built.prefix}/lib/libz.so.1.2")
    built.link("share/dotted", "../lib/libz.so.1")
    built.link("share/folder", f"{built.prefix}/lib")
    built.process()
    assert links(built) == {
        "lib/libz.so.1": "libz.so.1.2",
        "lib/libz.so": "libz.so.1.2",
        "bin/abs": "../lib/libz.so.1.2",
        "share/dotted": "../lib/libz.so.1",
        "share/folder": "../lib",
    }


def test_links_to_the_system_stay(built: Any) -> None:
    built.link("bin/sh", "/usr/bin/env")
    built.process()
    assert links(built) == {"bin/sh": "/usr/bin/env"}


def test_links_to_what_is_gone_after_the_build_are_all_named(built: Any) -> None:
    (built.layout.work / "made").write_text("")
    built.link("bin/a", str(built.layout.work / "made"))
    built.link("bin/b", str(built.layout.build_prefix / "bin/cc"))
    with pytest.raises(BuildError, match="bin/a") as caught:
        built.process()
    assert "bin/b" in (caught.value.details or "")
    assert caught.value.kind == "links"


def test_menus_have_to_be_json(built: Any) -> None:
    built.write("Menu/good.json", '{"$schema": "x"}')
    built.process()
    assert "Menu/good.json is not held against the schema it names" in built.recorder.notes()
    built.write("Menu/bad.json", '{"a": 1,\n}')
    with pytest.raises(BuildError, match=r"Menu/bad\.json") as caught:
        built.process()
    assert caught.value.place is not None and caught.value.place.line == 2


def test_share_info_dir_goes(built: Any) -> None:
    built.write("share/info/dir", "")
    built.write("share/info/thing.info", "")
    assert built.process().files == ("share/info/thing.info",)
