from __future__ import annotations

import pytest

from cbw_core.env.host.names import aliases, conda_name, conda_spec, version_spec
from cbw_core.errors import EnvironmentFailure

LINUX_311 = {"python_version": "3.11", "python_full_version": "3.11.7", "sys_platform": "linux", "os_name": "posix"}


@pytest.mark.parametrize(
    ("pypi", "conda"),
    [
        ("Flit_Core", "flit-core"),
        ("typing-extensions", "typing_extensions"),
        ("ruamel.yaml", "ruamel.yaml"),
        ("ruamel_yaml", "ruamel.yaml"),
        ("msgpack", "msgpack-python"),
        ("PyYAML", "pyyaml"),
    ],
)
def test_name_is_the_one_conda_uses(pypi: str, conda: str) -> None:
    assert conda_name(pypi) == conda


def test_both_spellings_of_setuptools_scm_are_there() -> None:
    assert conda_name("setuptools_scm") == "setuptools-scm"
    assert aliases("setuptools-scm") == ("setuptools_scm",)


@pytest.mark.parametrize(
    ("pep440", "conda"),
    [("", ""), (">=1.2, <2", "<2,>=1.2"), ("~=1.4.2", ">=1.4.2,1.4.*"), ("~=2.0", ">=2.0,2.*"), ("==1.*", "==1.*")],
)
def test_version_requirement_keeps_its_meaning(pep440: str, conda: str) -> None:
    assert version_spec(pep440) == conda


def test_arbitrary_equality_is_refused_by_name() -> None:
    with pytest.raises(EnvironmentFailure, match=r"===1\.0"):
        version_spec("===1.0")


@pytest.mark.parametrize(
    ("line", "spec"),
    [
        ("packaging>=22", "packaging >=22"),
        ("typing-extensions (>=4) ; python_version < '3.12'", "typing_extensions >=4"),
        ("tomli>=1; python_version < '3.11'", None),
        ("colorama; sys_platform == 'win32'", None),
        ("hypothesis; extra == 'dev'", None),
        ("requests[socks]>=2", "requests >=2"),
    ],
)
def test_requirement_becomes_a_spec_where_its_marker_holds(line: str, spec: str | None) -> None:
    assert conda_spec(line, LINUX_311) == spec
