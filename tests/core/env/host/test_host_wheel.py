from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from conda_package_streaming.package_streaming import stream_conda_component

from cbw_core.env.host.interpreter import Interpreter
from cbw_core.env.host.stage import PLACEHOLDER, HostPackage, write
from cbw_core.env.host.wheel import read_wheel, wheel_packages
from cbw_core.errors import EnvironmentFailure
from support.host_parts import GLIBC, make_wheel


def packages(path: Path, interpreter: Interpreter, folder: Path) -> list[HostPackage]:
    made = wheel_packages(read_wheel(path), interpreter, folder, glibc=GLIBC, subdir="linux-64")
    return list(made)


def content(package: HostPackage) -> dict[str, str]:
    return {file.path: file.read().decode() for file in package.files}


def info(archive: Path) -> dict[str, bytes]:
    found = {}
    with archive.open("rb") as stream:
        for tar, member in stream_conda_component(archive.name, stream, "info"):
            handle = tar.extractfile(member)
            found[member.name] = handle.read() if handle else b""
    return found


def test_pure_wheel_becomes_noarch_python(tmp_path: Path, interpreter: Interpreter) -> None:
    path = make_wheel(
        tmp_path, "tidy-text", "1.5", requires=["packaging>=22", "tomli; python_version < '3'"],
        entry_points="[console_scripts]\ntidy = tidy_text:main [extra]\n",
    )  # fmt: skip
    (package,) = packages(path, interpreter, tmp_path / "work")
    assert (package.name, package.version, package.subdir, package.noarch) == ("tidy-text", "1.5", "noarch", "python")
    assert package.depends == ("python >=3.8", "packaging >=22")
    assert package.entry_points == ("tidy = tidy_text:main",)
    assert "site-packages/tidy_text.py" in content(package)
    record = content(package)["site-packages/tidy_text-1.5.dist-info/RECORD"]
    assert "tidy_text-1.5.dist-info/INSTALLER,sha256=" in record
    assert not any(path.endswith(".pyc") for path in content(package))


def test_archive_says_that_it_is_host_made(tmp_path: Path, interpreter: Interpreter) -> None:
    path = make_wheel(tmp_path, "tidy", "1.5", entry_points="[console_scripts]\ntidy = tidy:main\n")
    (package,) = packages(path, interpreter, tmp_path / "work")
    archive = write(package, tmp_path / "channel")
    assert archive.name == "tidy-1.5-host_pyh_0.conda"
    files = info(archive)
    index = json.loads(files["info/index.json"])
    assert index["cbw_host_channel"] >= 1
    assert index["noarch"] == "python"
    about = json.loads(files["info/about.json"])
    assert "cbw's host channel" in about["description"]
    assert about["extra"]["cbw_host_channel"]["made_from"][0] == path.name
    link = json.loads(files["info/link.json"])
    assert link["noarch"] == {"type": "python", "entry_points": ["tidy = tidy:main"]}
    paths = {entry["_path"]: entry for entry in json.loads(files["info/paths.json"])["paths"]}
    assert sorted(paths) == files["info/files"].decode().split()


def test_platform_wheel_is_bound_to_python_and_compiled(tmp_path: Path, interpreter: Interpreter) -> None:
    tag = f"cp{interpreter.tag}-cp{interpreter.tag}-manylinux2014_x86_64"
    files = {
        "fast/__init__.py": "x = 1\n",
        "fast/_speed.so": "binary",
        "fast-2.0.data/scripts/run": "#!python\nprint()\n",
    }
    path = make_wheel(
        tmp_path, "fast", "2.0", files, tag=tag, entry_points="[console_scripts]\nfast = fast.cli:app.run\n"
    )
    (package,) = packages(path, interpreter, tmp_path / "work")
    assert package.subdir == "linux-64"
    assert package.build_string == f"host_py{interpreter.tag}_0"
    assert interpreter.pin in package.depends
    assert interpreter.abi in package.depends
    by_path = {file.path: file for file in package.files}
    site = interpreter.site_packages
    assert f"{site}/fast/__pycache__/__init__.cpython-{interpreter.tag}.pyc" in by_path
    assert by_path["bin/run"].read().decode().startswith(f"#!{PLACEHOLDER}/bin/python\n")
    assert by_path["bin/run"].prefixed
    assert "from fast.cli import app\n" in by_path["bin/fast"].read().decode()
    assert "sys.exit(app.run())" in by_path["bin/fast"].read().decode()


def test_wheel_of_a_program_has_the_program_only(tmp_path: Path, interpreter: Interpreter) -> None:
    files = {"ninja-1.1.data/scripts/ninja": "\x7fELF", "ninja/__init__.py": ""}
    path = make_wheel(tmp_path, "ninja", "1.1", files, tag="py3-none-manylinux_2_12_x86_64")
    (package,) = packages(path, interpreter, tmp_path / "work")
    assert [file.path for file in package.files] == ["bin/ninja"]
    assert package.depends == (f"__glibc >={GLIBC}",)


def test_conda_s_other_name_requires_the_same_version(tmp_path: Path, interpreter: Interpreter) -> None:
    path = make_wheel(tmp_path, "typing-extensions", "4.9")
    main, alias = packages(path, interpreter, tmp_path / "work")
    assert (main.name, alias.name) == ("typing_extensions", "typing-extensions")
    assert alias.depends == ("typing_extensions 4.9",)
    assert alias.files == ()


def test_vendored_dist_info_is_left_alone(tmp_path: Path, interpreter: Interpreter) -> None:
    vendored = "big/_vendor/small-1.0.dist-info"
    files = {f"{vendored}/RECORD": "small.py,,\n", f"{vendored}/INSTALLER": "pip\n", "big/__init__.py": ""}
    path = make_wheel(tmp_path, "big", "1.0", files)
    (package,) = packages(path, interpreter, tmp_path / "work")
    assert content(package)[f"site-packages/{vendored}/INSTALLER"] == "pip\n"
    assert content(package)["site-packages/big-1.0.dist-info/INSTALLER"] == "conda\n"


def test_file_that_is_not_the_recorded_one_is_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "honest", "1.0")
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["honest.py"] = b"import os  # changed\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with pytest.raises(EnvironmentFailure, match="damaged") as caught:
        read_wheel(path)
    assert "honest.py" in (caught.value.why or "")


def test_file_that_nobody_recorded_is_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "honest", "1.0")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("stowaway.py", "")
    with pytest.raises(EnvironmentFailure) as caught:
        read_wheel(path)
    assert "stowaway.py is not recorded" in (caught.value.why or "")


def test_truncated_wheel_is_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "honest", "1.0")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(EnvironmentFailure, match=r"honest-1\.0-py3-none-any\.whl is damaged"):
        read_wheel(path)
