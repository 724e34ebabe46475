"""channeldata.json and current_repodata.json follow from what the packages say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cbw_core.channel import index
from cbw_core.channel.derived import Details, channeldata, current
from cbw_core.channel.packages import source_of_recipe
from support.packages import make_package


def record(name: str, version: str, *depends: str, build: str = "0", **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, "build": build, "build_number": 0, "depends": list(depends), **more}


def repodata(*records: dict[str, Any]) -> dict[str, Any]:
    names = {f"{r['name']}-{r['version']}-{r['build']}.conda": r for r in records}
    return {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": names}


def test_current_repodata_has_the_newest_and_what_it_needs() -> None:
    found = current(
        repodata(
            record("a", "1.10", "b <2"),
            record("a", "1.9"),
            record("b", "1.1"),
            record("b", "1.2", build="1"),
            record("b", "1.2"),
            record("b", "2.0"),
        )
    )
    assert list(found["packages.conda"]) == ["a-1.10-0.conda", "b-1.2-0.conda", "b-1.2-1.conda", "b-2.0-0.conda"]
    assert found["info"] == {"subdir": "noarch"}


def test_of_a_package_in_both_formats_the_new_one_counts() -> None:
    data = repodata(record("a", "1"))
    data["packages"] = {"a-1-0.tar.bz2": record("a", "1", md5="abc"), "c-1-0.tar.bz2": record("c", "1")}
    found = current(data)
    assert list(found["packages"]) == ["c-1-0.tar.bz2"]
    assert found["packages.conda"]["a-1-0.conda"]["legacy_bz2_md5"] == "abc"


def test_channeldata_tells_the_newest_and_every_run_export() -> None:
    rows = [
        {"_path": "etc/conda/activate.d/a.sh"},
        {"_path": "bin/.a-post-link.sh"},
        {"_path": "lib/a", "prefix_placeholder": "/x", "file_mode": "binary"},
    ]
    old = Details(
        "linux-64", record("a", "1.9", timestamp=5000), {"weak": ["a 1"]}, {"home": "h", "summary": "s"}, {}, rows
    )
    new = Details(
        "noarch",
        record("a", "1.10", timestamp=1_700_000_000_000, license="MIT"),
        {"weak": ["a 2"]},
        {"summary": "two\nlines\n", "license": "BSD"},
        {"url": "https://x"},
    )
    found = channeldata([new, old], ["noarch", "linux-64"])
    assert found["subdirs"] == ["linux-64", "noarch"]
    assert found["packages"]["a"] == {
        "activate.d": True,
        "binary_prefix": True,
        "deactivate.d": False,
        "home": "h",
        "license": "MIT",
        "post_link": True,
        "pre_link": False,
        "pre_unlink": False,
        "run_exports": {"1.9": {"weak": ["a 1"]}, "1.10": {"weak": ["a 2"]}},
        "source_url": "https://x",
        "subdirs": ["linux-64", "noarch"],
        "summary": "two lines",
        "text_prefix": False,
        "timestamp": 1_700_000_000,
        "version": "1.10",
    }


def test_sources_come_from_recipes_that_can_be_read() -> None:
    assert source_of_recipe(b"package: {}\nsource:\n  url: u\n") == {"url": "u"}
    assert source_of_recipe(b"package: {}\nsource:\n  - url: u\n") == {}
    assert source_of_recipe(b"package: {{ name }}\nsource: {\n") == {}


def test_a_channel_has_both_files(tmp_path: Path) -> None:
    make_package(tmp_path, "a", "1.0")
    make_package(tmp_path, "a", "2.0", run_exports={"weak": ["a"]})
    index(tmp_path)
    found = json.loads((tmp_path / "channeldata.json").read_text())["packages"]["a"]
    assert (found["version"], found["run_exports"]) == ("2.0", {"2.0": {"weak": ["a"]}})
    newest = [json.loads(file.read_text())["packages.conda"] for file in tmp_path.glob("*/current_repodata.json")]
    assert [list(records) for records in newest if records] == [["a-2.0-0.conda"]]
