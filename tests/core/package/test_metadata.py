"""Requirements and channels as they are written into packages."""

from __future__ import annotations

import pytest

from cbw_core.package.contents import placeholder
from cbw_core.package.metadata import dependency, without_secrets


@pytest.mark.parametrize(
    ("spec", "written"),
    [
        ("python", "python"),
        ("numpy   1.16.*", "numpy 1.16.*"),
        ("zlib >=1.2.11,<2.0a0", "zlib >=1.2.11,<2.0a0"),
        ("zlib>=1.2.11,<2.0a0", "zlib >=1.2.11,<2.0a0"),
        ("abc==1.0", "abc 1.0"),
        ("abc ==1.0", "abc 1.0"),
        ("abc ==1.0 h1_0", "abc ==1.0 h1_0"),
        ("abc!=1.0", "abc !=1.0"),
        ("abc=1.0", "abc 1.0.*"),
        ("abc=1.0=h1_0", "abc 1.0 h1_0"),
        ("abc=1.*", "abc 1.*"),
        ("conda-forge::abc 1", "abc 1"),
        ('abc[version=">=1,<2"]', "abc >=1,<2"),
        ("abc >=1,<2|>=3", "abc >=1,<2|>=3"),
        ("libfoo 1.0 h123_0", "libfoo 1.0 h123_0"),
    ],
)
def test_a_dependency_is_written_as_conda_build_writes_it(spec: str, written: str) -> None:
    assert dependency(spec) == written


@pytest.mark.parametrize(
    ("channel", "written"),
    [
        ("conda-forge", "conda-forge"),
        ("https://user:secret@host:8080/c?x=1", "https://host:8080/c"),
        ("https://host/t/to-ken/channel", "https://host/channel"),
        ("file:///srv/channel", "file:///srv/channel"),
    ],
)
def test_channels_without_secrets(channel: str, written: str) -> None:
    assert without_secrets(channel) == written


@pytest.mark.parametrize("length", [21, 80, 255, 300])
def test_the_placeholder_is_as_long_as_the_prefix(length: int) -> None:
    from pathlib import Path

    prefix = Path("/" + "x" * (length - 1))
    assert len(placeholder(prefix)) == length
    assert placeholder(prefix).startswith("/placehold")
