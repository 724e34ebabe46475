from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cbw_core.channel import index
from cbw_core.env.host import debian
from cbw_core.env.host.interpreter import Interpreter, describe
from cbw_core.env.host.python import python_packages
from cbw_core.env.host.stage import PLACEHOLDER, write
from cbw_core.errors import EnvironmentFailure
from cbw_core.platforms import native_subdir
from support.host_parts import GLIBC, Installer, run

SYSTEM = Path("/usr/bin/python3")
SYSCONFIG = """
def preferred():
    if sys.base_prefix != sys.prefix or hasattr(sys, "real_prefix"):
        prefix_scheme = 'posix_prefix'
    else:
        prefix_scheme = 'posix_local'
    return prefix_scheme
"""


def system_python() -> Interpreter:
    """The system's Python where it is a Debian-style one with headers; the test is skipped elsewhere."""
    if not SYSTEM.exists():
        pytest.skip("there is no system Python")
    try:
        found = describe(SYSTEM.resolve())
    except EnvironmentFailure as error:
        pytest.skip(error.message)
    header = found.prefix / f"include/{found.multiarch}/python{found.short}/pyconfig.h"
    if found.scheme != debian.SCHEME or not header.exists():
        pytest.skip("the system Python is not a Debian-style one with headers")
    return found


@pytest.fixture
def copy(tmp_path: Path, interpreter: Interpreter) -> tuple[Interpreter, Path, Path]:
    """An interpreter said to be Debian's, the folder of its copy, and the library in it."""
    said = replace(interpreter, scheme=debian.SCHEME, multiarch="some-linux-gnu", prefix=tmp_path / "usr")
    library = tmp_path / "copy" / said.lib
    library.mkdir(parents=True)
    header = said.prefix / "include/some-linux-gnu" / f"python{said.short}"
    header.mkdir(parents=True)
    (header / "pyconfig.h").write_text("/* real */\n")
    (tmp_path / "copy/include" / f"python{said.short}").mkdir(parents=True)
    return said, tmp_path / "copy", library


def test_sysconfig_installs_to_site_packages_and_hooks_are_gone(copy: tuple[Interpreter, Path, Path]) -> None:
    said, folder, library = copy
    (library / "sysconfig.py").write_text(SYSCONFIG)
    (library / "EXTERNALLY-MANAGED").write_text("")
    (library / "_distutils_system_mod.py").write_text("")
    debian.adapt(said, folder)
    assert "    if True:\n        prefix_scheme = 'posix_prefix'" in (library / "sysconfig.py").read_text()
    assert sorted(path.name for path in library.iterdir()) == ["sitecustomize.py", "sysconfig.py"]
    assert said.site_packages in (library / "sitecustomize.py").read_text()
    assert (folder / f"include/python{said.short}/pyconfig.h").read_text() == "/* real */\n"


def test_paths_of_sysconfigdata_move_and_others_stay(copy: tuple[Interpreter, Path, Path]) -> None:
    said, folder, library = copy
    (library / "sysconfig.py").write_text(SYSCONFIG)
    data = library / "_sysconfigdata__x.py"
    data.write_text(
        "build_time_vars = {'BINDIR': '/usr/bin',\n 'INSTALL': '/usr/bin/install -c',\n"
        " 'LIBDIR': '/usr/lib/some-linux-gnu',\n 'TZPATH': '/usr/share/zoneinfo',\n 'prefix': '/usr',\n"
        " 'INCLUDEPY': '/usr/include/python3.11'}\n"
    )
    debian.adapt(said, folder)
    text = data.read_text()
    assert f"'LIBDIR': '{PLACEHOLDER}/lib'" in text
    assert f"'prefix': '{PLACEHOLDER}'" in text
    assert "'INSTALL': '/usr/bin/install -c'" in text
    assert "'TZPATH': '/usr/share/zoneinfo'" in text


def test_a_sysconfig_that_is_not_known_is_refused(copy: tuple[Interpreter, Path, Path]) -> None:
    said, folder, library = copy
    (library / "sysconfig.py").write_text("patched = 'otherwise'\n")
    with pytest.raises(EnvironmentFailure, match=r"has changed sysconfig\.py") as caught:
        debian.adapt(said, folder)
    assert caught.value.hint is not None


def test_missing_headers_name_the_package_to_install(copy: tuple[Interpreter, Path, Path]) -> None:
    said, folder, library = copy
    (library / "sysconfig.py").write_text(SYSCONFIG)
    next(said.prefix.rglob("pyconfig.h")).unlink()
    with pytest.raises(EnvironmentFailure) as caught:
        debian.adapt(said, folder)
    assert f"python{said.short}-dev" in (caught.value.hint or "")


def test_the_system_s_own_python_works_in_a_prefix(tmp_path: Path, installer: Installer) -> None:
    found = system_python()
    for package in python_packages(found, tmp_path / "python", glibc=GLIBC, subdir=native_subdir()):
        write(package, tmp_path / "channel")
    index(tmp_path / "channel")
    prefix = tmp_path / "prefix"
    installer(tmp_path / "channel", prefix, "python")
    (prefix / found.site_packages / "mine.py").write_text("x = 1\n")
    code = "import mine, ssl, sqlite3, sys, sysconfig, zoneinfo; zoneinfo.ZoneInfo('Europe/Berlin')\n"
    code += (
        "print(sys.prefix, sysconfig.get_path('purelib'), sysconfig.get_config_var('INCLUDEPY'), sys.path, sep='\\n')"
    )
    shown, purelib, include, path = run([prefix / "bin/python", "-c", code]).splitlines()
    assert shown == str(prefix)
    assert purelib == f"{prefix}/{found.site_packages}"
    assert include == f"{prefix}/include/python{found.short}"
    assert "/usr/" not in path
    assert (
        "Linux" in (Path(include) / "pyconfig.h").read_text() or "HAVE_" in (Path(include) / "pyconfig.h").read_text()
    )
