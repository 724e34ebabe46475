from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.config import Config
from cbw_core.env import ChannelResolver
from cbw_core.errors import CbwError, EnvironmentFailure, Interrupted, RecipeError
from cbw_core.events import Progress, Recorder
from cbw_core.platforms import native_subdir
from cbw_core.process import Cancel
from cbw_core.render.output import Output, Resolved
from support.packages import make_package

NATIVE = native_subdir()
Solve = Callable[..., tuple[Resolved, ...]]


def dists(packages: tuple[Resolved, ...]) -> list[str]:
    return [package.dist for package in packages]


def refused(solve: Solve, *specs: str, **changes: object) -> CbwError:
    with pytest.raises(CbwError) as caught:
        solve(*specs, **changes)
    return caught.value


def test_packages_come_sorted_with_all_a_channel_says(solve: Solve, channel: Path) -> None:
    packages = solve("libpng", "numpy")
    assert dists(packages) == [
        "libpng-1.6.39-h1_0",
        "numpy-1.26.4-py311h1_0",
        "python-3.11.10-h1_0_cpython",
        "zlib-1.2.13-h1_0",
    ]
    png = packages[0]
    assert png.url == f"{channel.as_uri()}/{NATIVE}/libpng-1.6.39-h1_0.conda"
    assert png.channel == channel.as_uri()
    assert png.file_name == "libpng-1.6.39-h1_0.conda"
    assert png.depends == ("zlib >=1.2.11,<1.3.0a0",)
    assert (png.subdir, png.timestamp, png.build_number) == (NATIVE, 1_700_000_000_000, 0)
    assert png.sha256 is not None
    assert len(png.sha256) == 64
    assert png.size == (channel / NATIVE / png.file_name).stat().st_size


def test_versions_of_a_recipe_are_prefixes(solve: Solve) -> None:
    assert dists(solve("python 3.10"))[0] == "python-3.10.15-h1_0_cpython"
    assert dists(solve("numpy 1.26", "python 3.10"))[0] == "numpy-1.26.4-py310h1_0"
    assert dists(solve("zlib 1.2.11 h1_0")) == ["zlib-1.2.11-h1_0"]


def test_noarch_packages_say_so(solve: Solve) -> None:
    (six,) = (p for p in solve("six") if p.name == "six")
    assert (six.noarch, six.subdir) == ("python", "noarch")


def test_no_requirements_need_no_channel_and_no_child(cfg: Callable[..., Config]) -> None:
    resolver = ChannelResolver(cfg("host", "/nowhere", "http://127.0.0.1:9/x"))
    assert resolver.solve((), NATIVE, env="build") == ()
    assert resolver._worker._child is None


def test_another_platform_is_solved_with_its_own_packages(solve: Solve) -> None:
    (tool,) = solve("tool", "__osx", platform="osx-64")
    assert tool.subdir == "osx-64"
    assert "__osx" in refused(solve, "__osx").message


def test_the_answer_is_kept(cfg: Callable[..., Config], environ: dict[str, str], tmp_path: Path) -> None:
    make_package(tmp_path / "own", "a")
    index(tmp_path / "own")
    resolver = ChannelResolver(cfg(str(tmp_path / "own")), environ=environ)
    first = resolver.solve(["a"], NATIVE, env="host")
    resolver.close()
    (tmp_path / "own" / NATIVE / "a-1.0-0.conda").unlink()
    assert resolver.solve(["a"], NATIVE, env="build") is first
    assert resolver._worker._child is None


def test_a_package_indexed_after_a_resolver_began_is_seen_by_the_next(solve: Solve, tmp_path: Path) -> None:
    own = (str(tmp_path / "own"),)
    make_package(tmp_path / "own", "a", "1")
    index(tmp_path / "own")
    assert dists(solve("a", channels=own)) == ["a-1-0"]
    make_package(tmp_path / "own", "a", "2")
    index(tmp_path / "own")
    assert dists(solve("a", channels=own)) == ["a-2-0"]


def test_siblings_stand_for_packages_that_are_not_built_yet(solve: Solve) -> None:
    lib = Resolved("mylib", "1.0", "habc_0", 0, NATIVE, depends=("zlib",), run_exports={"weak": ("mylib 1.*",)})
    packages = solve("mylib 1.0 habc_0", siblings=[lib])
    assert dists(packages) == ["mylib-1.0-habc_0", "zlib-1.2.13-h1_0"]
    assert packages[0] == lib


def test_a_noarch_sibling_and_one_of_a_name_in_the_channel(solve: Solve) -> None:
    siblings = [Resolved("six", "9", "0", 0, "noarch", noarch="python"), Resolved("zlib", "9", "0", 0, NATIVE)]
    assert dists(solve("six", "zlib", siblings=siblings)) == ["six-9-0", "zlib-9-0"]


def test_a_sibling_whose_requirement_cannot_be_met_is_explained(solve: Solve) -> None:
    error = refused(solve, "mylib", siblings=[Resolved("mylib", "1.0", "0", 0, NATIVE, depends=("nope >=2",))])
    assert "nope >=2" in error.message
    assert "mylib" in error.message


def test_a_missing_package_is_named_with_channels_and_lookalikes(solve: Solve, channel: Path) -> None:
    error = refused(solve, "libpgn", "zlib")
    assert isinstance(error, EnvironmentFailure)
    assert error.kind == "solve"
    assert "host environment" in error.message
    assert "libpgn" in error.message
    assert str(channel) in str(error.why)
    assert "Did you mean libpng?" in str(error.hint)


def test_a_missing_version_tells_which_there_are(solve: Solve) -> None:
    error = refused(solve, "zlib 99")
    assert "zlib 99" in error.message
    assert "1.2.11, 1.2.13" in str(error.why)
    assert "zlib 1.2.13 h1_0" in str(error.details)


def test_a_missing_package_deeper_down_names_who_needs_it(solve: Solve) -> None:
    error = refused(solve, "broken-chain")
    assert "nowhere >=3" in error.message
    assert "broken-chain" in error.message
    assert "└─" in str(error.details)


def test_two_requirements_that_exclude_each_other_are_both_named(solve: Solve) -> None:
    error = refused(solve, "numpy 1.16", "python 3.11")
    assert "numpy 1.16" in error.message
    assert "python 3.11" in error.message
    assert "python >=3.9,<3.10.0a0" in str(error.why)
    assert "└─" in str(error.details)


def test_a_virtual_package_that_is_not_there_is_explained(solve: Solve) -> None:
    error = refused(solve, "needs-glibc")
    assert "__glibc >=99" in error.message
    assert "needs-glibc" in error.message
    assert "CONDA_OVERRIDE_GLIBC" in str(error.hint)
    assert dists(solve("needs-glibc", environ={"CONDA_OVERRIDE_GLIBC": "99"})) == ["needs-glibc-1.0-0"]


@pytest.mark.parametrize("spec", ["foo >=1.2 <2", "foo[version=", "python x.x"])
def test_what_no_conda_reads_is_refused_by_name(solve: Solve, spec: str) -> None:
    error = refused(solve, "zlib", spec)
    assert isinstance(error, RecipeError)
    assert error.kind == "spec"
    assert spec in error.message


def two_channels(tmp_path: Path) -> tuple[str, str]:
    make_package(tmp_path / "high", "a", "1")
    make_package(tmp_path / "low", "a", "2")
    for name in ("high", "low"):
        index(tmp_path / name)
    return str(tmp_path / "high"), str(tmp_path / "low")


def test_strict_priority_hides_what_later_channels_have_and_says_so(solve: Solve, tmp_path: Path) -> None:
    channels = two_channels(tmp_path)
    assert dists(solve("a", channels=channels, channel_priority="strict")) == ["a-1-0"]
    error = refused(solve, "a >=2", channels=channels, channel_priority="strict")
    assert "a >=2" in error.message
    assert "--channel-priority flexible" in str(error.hint)


def test_flexible_priority_prefers_the_first_channel_and_takes_the_later(solve: Solve, tmp_path: Path) -> None:
    channels = two_channels(tmp_path)
    assert dists(solve("a", channels=channels, channel_priority="flexible")) == ["a-1-0"]
    assert dists(solve("a >=2", channels=channels, channel_priority="flexible")) == ["a-2-0"]
    assert dists(solve("a", channels=channels, channel_priority="disabled")) == ["a-2-0"]


def test_priority_is_what_condarc_says_unless_the_caller_does(solve: Solve, tmp_path: Path) -> None:
    channels = two_channels(tmp_path)
    rc = tmp_path / "rc"
    rc.write_text("channel_priority: strict\n")
    environ = {"CONDARC": str(rc)}
    assert "hides" in refused(solve, "a >=2", channels=channels, environ=environ).message
    assert dists(solve("a >=2", channels=channels, environ=environ, channel_priority="flexible")) == ["a-2-0"]
    assert dists(solve("a", channels=channels, environ={"CONDA_CHANNEL_PRIORITY": "false"})) == ["a-2-0"]


def test_a_requirement_may_name_its_channel(solve: Solve, tmp_path: Path) -> None:
    high, low = two_channels(tmp_path)
    assert dists(solve(f"{low}::a", channels=(high, low))) == ["a-2-0"]
    assert dists(solve(f"{(tmp_path / 'low').as_uri()}::a", channels=(high, low))) == ["a-2-0"]
    error = refused(solve, "elsewhere::a", channels=(high, low))
    assert "elsewhere::a" in error.message
    assert "before ::" in str(error.why)


def test_a_multichannel_is_one_tier_of_priority(solve: Solve, tmp_path: Path) -> None:
    high, low = two_channels(tmp_path)
    rc = tmp_path / "rc"
    rc.write_text(json.dumps({"custom_multichannels": {"team": [high, low]}}))
    assert dists(solve("a", channels=("team",), environ={"CONDARC": str(rc)})) == ["a-2-0"]


def test_built_packages_are_searched_first(solve: Solve, tmp_path: Path) -> None:
    make_package(tmp_path / "out", "zlib", "7")
    index(tmp_path / "out")
    assert dists(solve("zlib", output_folder=tmp_path / "out")) == ["zlib-7-0"]


def test_local_before_anything_is_built_is_an_empty_channel(solve: Solve, channel: Path, tmp_path: Path) -> None:
    packages = solve("zlib", channels=("local", str(channel)), output_folder=tmp_path / "out")
    assert dists(packages) == ["zlib-1.2.13-h1_0"]


def test_a_folder_that_is_no_channel_is_named(solve: Solve, tmp_path: Path) -> None:
    error = refused(solve, "zlib", channels=(str(tmp_path / "none"),))
    assert error.kind == "channel"
    assert str(tmp_path / "none") in error.message


def test_a_channel_out_of_reach_is_a_network_failure_that_names_it(solve: Solve) -> None:
    error = refused(solve, "zlib", channels=("http://me:secret@127.0.0.1:9/some/channel",), offline=True)
    assert error.kind == "network"
    assert "http://127.0.0.1:9/some/channel" in error.message
    assert "secret" not in json.dumps(error.to_json())


def test_progress_is_told(cfg: Callable[..., Config], environ: dict[str, str]) -> None:
    recorder = Recorder()
    ChannelResolver(cfg(), sink=recorder, environ=environ).solve(["zlib"], NATIVE, env="host")
    first, last = recorder.events
    assert isinstance(first, Progress)
    assert isinstance(last, Progress)
    assert (first.task, last.finished, last.item) == ("solve host", True, "1 packages")


def test_a_cancelled_resolver_stops_at_once(cfg: Callable[..., Config]) -> None:
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Interrupted):
        ChannelResolver(cfg(), cancel=cancel).solve(["zlib"], NATIVE, env="host")


def test_the_host_channel_is_made_when_something_is_solved(
    cfg: Callable[..., Config], environ: dict[str, str], channel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cbw_core.env.host

    made: list[Config] = []

    def host_channel(config: Config, **_: object) -> Path:
        made.append(config)
        return channel

    monkeypatch.setattr(cbw_core.env.host, "host_channel", host_channel)
    resolver = ChannelResolver(cfg("host"), environ=environ)
    resolver.solve((), NATIVE, env="build")
    assert made == []
    assert dists(resolver.solve(["zlib"], NATIVE, env="build")) == ["zlib-1.2.13-h1_0"]
    assert dists(resolver.solve(["host::zlib"], NATIVE, env="build")) == ["zlib-1.2.13-h1_0"]
    assert len(made) == 1


def test_run_exports_of_a_channel_and_of_siblings(cfg: Callable[..., Config], environ: dict[str, str]) -> None:
    resolver = ChannelResolver(cfg(), environ=environ)
    sibling = Resolved("mylib", "1", "0", 0, NATIVE, run_exports={"strong": ("mylib",)})
    solved = resolver.solve(["zlib", "python", "libpng"], NATIVE, env="host")
    packages = (*(replace(package, run_exports=None) for package in solved), sibling)
    exports = resolver.run_exports(packages)
    assert exports == {
        "libpng-1.6.39-h1_0": {},
        "mylib-1-0": {"strong": ("mylib",)},
        "python-3.11.10-h1_0_cpython": {"noarch": ("python",)},
        "zlib-1.2.13-h1_0": {"weak": ("zlib >=1.2.13,<1.3.0a0",)},
    }
    resolver.close()
    assert resolver.run_exports(packages) == exports
    assert resolver._worker._child is None


@pytest.mark.parametrize("text", [None, "{ no json", '{"packages.conda": {}}'])
def test_run_exports_without_a_table_come_from_the_package(
    cfg: Callable[..., Config], environ: dict[str, str], tmp_path: Path, text: str | None
) -> None:
    make_package(tmp_path / "own", "a", run_exports={"weak": ["a 1.*"]})
    index(tmp_path / "own")
    table = tmp_path / "own" / NATIVE / "run_exports.json"
    table.unlink() if text is None else table.write_text(text)
    resolver = ChannelResolver(cfg(str(tmp_path / "own")), environ=environ)
    packages = [replace(p, run_exports=None) for p in resolver.solve(["a"], NATIVE, env="host")]
    assert resolver.run_exports(packages) == {"a-1.0-0": {"weak": ("a 1.*",)}}


def test_a_package_that_vanished_from_its_channel_is_named(
    cfg: Callable[..., Config], environ: dict[str, str], solve: Solve
) -> None:
    (zlib,) = solve("zlib")
    gone = replace(zlib, url=zlib.url.replace("zlib-", "gone-"), file_name="gone-1-0.conda", run_exports=None)
    with pytest.raises(CbwError, match="gone-1-0") as caught:
        ChannelResolver(cfg(), environ=environ).run_exports([gone])
    assert caught.value.kind == "package"


def test_packages_that_the_channels_have_are_found_by_version_and_build(
    cfg: Callable[..., Config], environ: dict[str, str], channel: Path
) -> None:
    def output(name: str, version: str, build: str, subdir: str = native_subdir()) -> Output:
        return Output(recipe_dir="", recipe_file="", name=name, version=version, build_string=build, subdir=subdir)

    asked = [
        output("zlib", "1.2.13", "h1_0"),
        output("zlib", "1.2.13", "h2_0"),
        output("zlib", "1.2", "h1_0"),
        output("six", "1.16.0", "pyh1_0", "noarch"),
        output("nowhere", "1", "0"),
    ]
    resolver = ChannelResolver(cfg(), environ=environ)
    found = resolver.existing(asked)
    resolver.close()
    assert sorted(found) == ["six-1.16.0-pyh1_0", "zlib-1.2.13-h1_0"]
    assert found["zlib-1.2.13-h1_0"] == f"{channel.as_uri()}/{native_subdir()}/zlib-1.2.13-h1_0.conda"
