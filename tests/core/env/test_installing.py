from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.config import Config
from cbw_core.env import ChannelResolver, changes, install, installed_files, is_installed, manifest
from cbw_core.env.prefix import MARKER
from cbw_core.errors import CbwError, Interrupted
from cbw_core.events import Progress, Recorder
from cbw_core.platforms import native_subdir
from cbw_core.process import Cancel
from cbw_core.render.output import Resolved
from support.packages import PLACEHOLDER, make_package

NATIVE = native_subdir()
Solve = Callable[..., tuple[Resolved, ...]]
MakeConfig = Callable[..., Config]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own"


@pytest.fixture
def put(tmp_path: Path, own: Path, cfg: MakeConfig, solve: Solve) -> Callable[..., Path]:
    """put("spec", ...): solve against `own`, indexed anew, and install into one prefix."""

    def run(*specs: str, prefix: Path | None = None, **options: object) -> Path:
        index(own)
        prefix = prefix or tmp_path / "prefix"
        install(solve(*specs, channels=(str(own),)), prefix, config=cfg(str(own)), **options)  # type: ignore[arg-type]
        return prefix

    return run


def test_the_prefix_holds_the_packages_and_conda_s_bookkeeping(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    prefix = tmp_path / "prefix"
    packages = solve("zlib", "python 3.11", "six")
    install(packages, prefix, config=cfg())
    files = {path for path in manifest(prefix) if not path.startswith("conda-meta/")}
    assert files == {
        "bin/python", "bin/python3.11", "include/zlib.h", "lib/python3.11/os.py", "lib/python3.11/site-packages/six.py",
    }  # fmt: skip
    assert {p.name for p in (prefix / "conda-meta").glob("*.json")} == {f"{p.dist}.json" for p in packages}
    history = (prefix / "conda-meta" / "history").read_text()
    assert all(package.dist in history for package in packages)
    record = json.loads((prefix / "conda-meta" / "zlib-1.2.13-h1_0.json").read_text())
    assert (record["url"], record["sha256"]) == (packages[-1].url, packages[-1].sha256)
    assert is_installed(packages, prefix)
    assert installed_files(prefix)["lib/python3.11/site-packages/six.py"] == "six-1.16.0-pyh1_0"


def test_text_is_relocated_to_the_prefix(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    prefix = tmp_path / "prefix"
    install(solve("python 3.11"), prefix, config=cfg())
    assert (prefix / "bin" / "python").read_text().startswith(f"#!{prefix}/bin/sh\n")
    assert os.access(prefix / "bin" / "python", os.X_OK)


def test_files_of_a_prefix_are_not_those_of_the_cache(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    config = cfg()
    install(solve("zlib", "python 3.11", "six"), tmp_path / "prefix", config=config)
    cached = {(s.st_dev, s.st_ino) for p in config.cache.rglob("*") if p.is_file() for s in (p.stat(),)}
    ours = [p for p in (tmp_path / "prefix").rglob("*") if p.is_file()]
    assert len(ours) > 8
    for path in ours:
        found = path.lstat()
        assert found.st_nlink == 1, path
        assert (found.st_dev, found.st_ino) not in cached, path
        assert not path.is_symlink()


def test_an_edit_in_place_does_not_reach_the_next_prefix(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    packages, config = solve("zlib"), cfg()
    install(packages, tmp_path / "one", config=config)
    with (tmp_path / "one" / "include" / "zlib.h").open("r+") as file:
        file.write("BAD")
    install(packages, tmp_path / "two", config=config)
    assert (tmp_path / "two" / "include" / "zlib.h").read_text() == "int z;\n"


def test_nothing_to_install_makes_an_empty_environment(tmp_path: Path, cfg: MakeConfig) -> None:
    install((), tmp_path / "prefix", config=cfg())
    assert manifest(tmp_path / "prefix") == {"conda-meta/history", MARKER}
    assert is_installed((), tmp_path / "prefix")
    assert not is_installed((), tmp_path / "other")


def test_a_second_install_keeps_the_files_and_removes_what_came_since(
    tmp_path: Path, solve: Solve, cfg: MakeConfig
) -> None:
    prefix, packages = tmp_path / "prefix", solve("zlib")
    install(packages, prefix, config=cfg())
    before = (prefix / "include" / "zlib.h").stat()
    (prefix / "new" / "deep").mkdir(parents=True)
    (prefix / "new" / "deep" / "file").write_text("x")
    (prefix / "include" / "link").symlink_to("zlib.h")
    (prefix / "dirlink").symlink_to("include")
    assert changes(prefix).added == ("dirlink", "include/link", "new/deep/file")  # type: ignore[union-attr]
    install(packages, prefix, config=cfg())
    assert not changes(prefix)
    assert not (prefix / "new").exists()
    after = (prefix / "include" / "zlib.h").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("how", ["edit", "same size and time", "remove", "replace by link", "mode", "half"])
def test_a_prefix_that_changed_is_made_anew(tmp_path: Path, solve: Solve, cfg: MakeConfig, how: str) -> None:
    prefix, packages = tmp_path / "prefix", solve("zlib")
    install(packages, prefix, config=cfg())
    header = prefix / "include" / "zlib.h"
    if how == "edit":
        header.write_text("changed a lot")
    elif how == "same size and time":
        times = header.stat()
        header.write_text("int y;\n")
        os.utime(header, ns=(times.st_atime_ns, times.st_mtime_ns))
    elif how == "remove":
        header.unlink()
    elif how == "replace by link":
        header.unlink()
        header.symlink_to("elsewhere")
    elif how == "mode":
        header.chmod(0o600)
    else:
        (prefix / MARKER).unlink()
    if how != "half":
        assert changes(prefix)
        assert is_installed(packages, prefix)
    install(packages, prefix, config=cfg())
    assert header.read_text() == "int z;\n"
    assert not header.is_symlink()
    assert not changes(prefix)


def test_other_packages_replace_what_was_there(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    prefix = tmp_path / "prefix"
    old, new = solve("zlib 1.2.11", "six"), solve("zlib 1.2.13")
    install(old, prefix, config=cfg())
    (prefix / "stray").write_text("")
    install(new, prefix, config=cfg())
    assert {path for path in manifest(prefix) if not path.startswith("conda-meta/")} == {"include/zlib.h"}
    assert is_installed(new, prefix)
    assert not is_installed(old, prefix)


def test_read_only_folders_left_by_a_build_do_not_stop_a_new_install(
    tmp_path: Path, solve: Solve, cfg: MakeConfig
) -> None:
    prefix, packages = tmp_path / "prefix", solve("zlib")
    (prefix / "closed" / "in").mkdir(parents=True)
    (prefix / "closed" / "in" / "file").write_text("")
    (prefix / "closed" / "in").chmod(0o555)
    (prefix / "closed").chmod(0o000)
    install(packages, prefix, config=cfg())
    assert not (prefix / "closed").exists()


def test_a_package_made_again_is_installed_again(own: Path, put: Callable[..., Path]) -> None:
    make_package(own, "a", files={"share/a": "old"})
    prefix = put("a")
    make_package(own, "a", files={"share/a": "new"})
    assert (put("a") / "share" / "a").read_text() == "new"
    assert prefix == put("a")


def test_a_moved_prefix_is_not_taken_for_installed(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    packages = solve("python 3.11")
    install(packages, tmp_path / "one", config=cfg())
    (tmp_path / "one").rename(tmp_path / "two")
    assert not is_installed(packages, tmp_path / "two")


def test_an_output_that_is_not_built_cannot_be_installed(tmp_path: Path, cfg: MakeConfig) -> None:
    with pytest.raises(CbwError, match="mylib-1-0 is not built yet"):
        install([Resolved("mylib", "1", "0", 0, NATIVE)], tmp_path / "prefix", config=cfg())


def test_link_scripts_run(own: Path, put: Callable[..., Path]) -> None:
    script = "#!/bin/sh\necho $PKG_NAME > $PREFIX/ran\n"
    make_package(own, "a", files={"bin/.a-post-link.sh": script})
    prefix = put("a")
    assert (prefix / "ran").read_text() == "a\n"
    assert not changes(prefix)


def test_a_link_script_that_fails_is_told_with_what_it_said(
    own: Path, put: Callable[..., Path], tmp_path: Path
) -> None:
    script = "#!/bin/sh\necho out\necho needs a GPU >&2\nexit 3\n"
    make_package(own, "a", files={"bin/.a-post-link.sh": script})
    with pytest.raises(CbwError, match="post-link script of a failed with status 3") as caught:
        put("a")
    assert caught.value.kind == "link-script"
    assert caught.value.why == "needs a GPU"
    assert caught.value.details == "out\nneeds a GPU"
    assert ".a-post-link.sh" in str(caught.value.hint)
    assert not (tmp_path / "prefix" / MARKER).exists()


def test_the_messages_of_a_link_script_are_its_reason(own: Path, put: Callable[..., Path]) -> None:
    script = "#!/bin/sh\necho noise\necho needs a GPU >> $PREFIX/.messages.txt\nexit 1\n"
    make_package(own, "a", files={"bin/.a-post-link.sh": script})
    with pytest.raises(CbwError) as caught:
        put("a")
    assert caught.value.why == "needs a GPU"


def test_link_scripts_run_after_those_of_what_they_need(own: Path, put: Callable[..., Path]) -> None:
    script = "#!/bin/sh\necho $PKG_NAME $PKG_VERSION $PKG_BUILDNUM ${CONDA_PREFIX##*/} $FLAG >> $PREFIX/ran\n"
    activate = {"etc/conda/activate.d/z.sh": "export FLAG=set\n"}
    make_package(own, "a", depends=["z"], files={"bin/.a-post-link.sh": script})
    make_package(own, "z", "2", files={"bin/.z-post-link.sh": script} | activate)
    assert (put("a") / "ran").read_text() == "z 2 0 prefix set\na 1.0 0 prefix set\n"


def test_link_scripts_see_the_given_environment(own: Path, put: Callable[..., Path]) -> None:
    make_package(own, "a", files={"bin/.a-post-link.sh": "#!/bin/sh\nenv > $PREFIX/env\n"})
    lines = (put("a", environ={"PATH": os.environ["PATH"], "MINE": "1"}) / "env").read_text().splitlines()
    assert "MINE=1" in lines
    assert not any(line.startswith("PYTHONPATH=") for line in lines)


def test_a_file_of_two_packages_is_told(own: Path, put: Callable[..., Path]) -> None:
    make_package(own, "a", files={"share/same": "a"})
    make_package(own, "b", files={"share/same": "b"})
    recorder = Recorder()
    put("a", "b", sink=recorder)
    (note,) = recorder.notes("warning")
    assert "share/same" in note


def test_a_prefix_too_long_for_a_binary_is_explained(own: Path, put: Callable[..., Path], tmp_path: Path) -> None:
    make_package(own, "a", files={"lib/a.so": b"\0" + PLACEHOLDER.encode() + b"\0"})
    prefix = tmp_path / ("p" * 200) / ("q" * 100)
    with pytest.raises(CbwError, match="a-1") as caught:
        put("a", prefix=prefix)
    assert f"{len(str(prefix))} characters" in caught.value.message
    assert "--croot" in str(caught.value.hint)


def test_an_archive_that_is_not_what_the_index_says_is_named(
    own: Path, solve: Solve, cfg: MakeConfig, tmp_path: Path
) -> None:
    package = make_package(own, "a", files={"share/a": "a"})
    index(own)
    packages = solve("a", channels=(str(own),))
    package.write_bytes(b"something else")
    with pytest.raises(CbwError, match=r"a-1\.0-0 could not be installed"):
        install(packages, tmp_path / "prefix", config=cfg(str(own)))
    assert not (tmp_path / "prefix" / MARKER).exists()


def test_progress_counts_packages(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    recorder = Recorder()
    install(solve("python 3.11", "zlib"), tmp_path / "prefix", config=cfg(), sink=recorder)
    last = recorder.events[-1]
    assert isinstance(last, Progress)
    assert (last.task, last.done, last.total, last.unit, last.finished) == ("link", 2, 2, "packages", True)


def test_cancel_in_a_link_script_ends_it_and_leaves_no_trusted_prefix(
    own: Path, put: Callable[..., Path], tmp_path: Path
) -> None:
    make_package(own, "a", files={"bin/.a-post-link.sh": "#!/bin/sh\ntouch $PREFIX/started\nexec sleep 1000\n"})
    cancel = Cancel()

    def stop() -> None:
        while not (tmp_path / "prefix" / "started").exists():
            time.sleep(0.005)
        cancel.request()

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(Interrupted):
        put("a", cancel=cancel)
    assert not (tmp_path / "prefix" / MARKER).exists()


def test_an_install_killed_half_way_is_done_again(tmp_path: Path, own: Path, solve: Solve, cfg: MakeConfig) -> None:
    make_package(own, "a", files={"bin/.a-post-link.sh": "#!/bin/sh\ntouch $PREFIX/started\nexec sleep 1000\n"})
    index(own)
    packages, config = solve("a", channels=(str(own),)), cfg(str(own))
    program = textwrap.dedent(
        f"""
        import sys; sys.path[:] = {sys.path!r}
        import json
        from pathlib import Path
        from cbw_core.config import Config
        from cbw_core.env import install
        from cbw_core.render.output import resolved_from_json
        data = json.loads(sys.stdin.read())
        packages = [resolved_from_json(package) for package in data["packages"]]
        install(packages, Path(data["prefix"]), config=Config.from_json(data["config"]))
        """
    )
    prefix = tmp_path / "prefix"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, text=True)
    from dataclasses import asdict

    data = {"packages": [asdict(p) for p in packages], "prefix": str(prefix), "config": config.to_json()}
    assert child.stdin is not None
    child.stdin.write(json.dumps(data))
    child.stdin.close()
    while not (prefix / "started").exists():
        assert child.poll() is None
        time.sleep(0.005)
    child.kill()
    child.wait()
    assert not is_installed(packages, prefix)
    assert changes(prefix) is None
    fixed = replace(packages[0])
    make_package(own, "a", files={"share/a": ""})
    index(own)
    fixed = solve("a", channels=(str(own),))[0]
    install([fixed], prefix, config=config)
    assert not (prefix / "started").exists()
    assert (prefix / "share" / "a").exists()


def test_a_full_or_closed_disk_is_an_error_of_the_disk(tmp_path: Path, solve: Solve, cfg: MakeConfig) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CbwError) as caught:
        install(solve("zlib"), tmp_path / "file" / "prefix", config=cfg())
    assert caught.value.kind == "disk"


class Server(SimpleHTTPRequestHandler):
    """A channel over HTTP; below /private/ it wants user and password, below /t/TOKEN/ a token was given."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if self.path.startswith("/private/"):
            if self.headers.get("Authorization") != "Basic bWU6c2UgY3JldA==":  # me:se cret
                self.send_error(401)
                return
            self.path = self.path.removeprefix("/private")
        super().do_GET()

    do_HEAD = do_GET

    def log_message(self, *args: object) -> None: ...

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # rattler asks for several files and hangs up when it has one
            self.close_connection = True


@pytest.fixture
def server(channel: Path) -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(channel)))
    made.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def test_a_channel_over_http_with_a_login_then_offline(
    server: ThreadingHTTPServer, cfg: MakeConfig, environ: dict[str, str], tmp_path: Path
) -> None:
    place = f"127.0.0.1:{server.server_port}/private"
    config = cfg(f"http://me:se%20cret@{place}")
    recorder = Recorder()
    resolver = ChannelResolver(config, sink=recorder, environ=environ)
    packages = resolver.solve(["zlib", "python 3.11"], NATIVE, env="host")
    exports = resolver.run_exports([replace(package, run_exports=None) for package in packages])
    assert exports["zlib-1.2.13-h1_0"] == {"weak": ("zlib >=1.2.13,<1.3.0a0",)}
    install(packages, tmp_path / "one", config=config, sink=recorder, environ=environ)
    assert {"download", "link"} <= {event.task for event in recorder.events if isinstance(event, Progress)}

    assert all(package.url.startswith(f"http://{place}/") for package in packages)
    told = repr(recorder.events) + repr(packages)
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    for secret in ("se cret", "se%20cret", "bWU6c2UgY3JldA"):
        assert secret not in told
        assert secret.encode() not in kept

    offline = replace(config, offline=True)
    server.asked.clear()  # type: ignore[attr-defined]
    again = ChannelResolver(offline, environ=environ)
    assert again.solve(["zlib", "python 3.11"], NATIVE, env="host") == packages
    bare = [replace(package, run_exports=None) for package in packages]
    assert again.run_exports(bare) == exports
    install(packages, tmp_path / "two", config=offline, environ=environ)
    assert (tmp_path / "two" / "include" / "zlib.h").exists()
    with pytest.raises(CbwError, match="not in the cache") as caught:
        ChannelResolver(replace(offline, cache=tmp_path / "empty"), environ=environ).solve(["zlib"], NATIVE, env="host")
    assert caught.value.kind == "network"
    with pytest.raises(CbwError, match=r"zlib-1\.2\.13.*offline") as caught:
        install(packages[-1:], tmp_path / "three", config=replace(offline, cache=tmp_path / "empty"), environ=environ)
    assert caught.value.kind == "network"
    assert server.asked == []  # type: ignore[attr-defined]


def test_a_wrong_login_and_a_channel_that_is_not_there_are_told_apart(
    server: ThreadingHTTPServer, cfg: MakeConfig, environ: dict[str, str]
) -> None:
    place = f"127.0.0.1:{server.server_port}"
    expected = {
        f"http://me:wrong@{place}/private": "refuses the login",
        f"http://{place}/private": "wants a login",
        f"http://{place}/none": "there is no channel",
    }
    for url, text in expected.items():
        with pytest.raises(CbwError, match=text) as caught:
            ChannelResolver(cfg(url), environ=environ).solve(["zlib"], NATIVE, env="host")
        assert "wrong" not in json.dumps(caught.value.to_json())


def test_a_download_that_is_gone_names_the_package(
    server: ThreadingHTTPServer, cfg: MakeConfig, environ: dict[str, str], tmp_path: Path
) -> None:
    config = cfg(f"http://127.0.0.1:{server.server_port}")
    (zlib,) = ChannelResolver(config, environ=environ).solve(["zlib"], NATIVE, env="host")
    gone = replace(zlib, url=zlib.url.replace("/zlib", "/gone"))
    with pytest.raises(CbwError, match=r"zlib-1\.2\.13-h1_0 could not be downloaded") as caught:
        install([gone], tmp_path / "prefix", config=config, environ=environ)
    assert caught.value.kind == "network"
