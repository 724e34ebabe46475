from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.render.specs import Spec, SpecError, parse_spec, with_star
from cbw_core.render.versions import VersionError, parse_version, pin


@pytest.mark.parametrize(
    ("version", "min_pin", "max_pin", "made"),
    [
        ("1.2.11", "x.x.x.x.x.x", "x", ">=1.2.11,<2.0a0"),
        ("1.2.11", "x.x.x.x.x.x", "x.x", ">=1.2.11,<1.3.0a0"),
        ("1.2.11", "x.x", "x.x", ">=1.2,<1.3.0a0"),
        ("9b", "x.x.x.x.x.x", "x", ">=9b,<10a"),
        ("1.0.2n", "x.x.x.x.x.x", "x.x.x", ">=1.0.2n,<1.0.3a"),
        ("1.2.11", None, "x", "<2.0a0"),
        ("1.2.11", "x.x", None, ">=1.2"),
        ("2024.07.02", "x.x.x.x.x.x", "x", ">=2024.7.2,<2025.0a0"),
        ("3.10.0rc1", "x.x", "x.x", ">=3.10.0rc1,<3.11.0a0"),
        ("1.0rc1", "x.x.x", "x", ">=1.0rc,<2.0a0"),
    ],
)
def test_a_pin_is_made_as_conda_build_makes_it(
    version: str, min_pin: str | None, max_pin: str | None, made: str
) -> None:
    assert pin(version, min_pin, max_pin) == made


def test_versions_are_ordered_as_conda_orders_them() -> None:
    ordered = ["0.4", "0.4.1.rc", "0.4.1", "0.5a1", "0.5b3", "0.5", "0.9.6", "1.0.4a3", "1.0.4", "1!0.4.1"]
    versions = [parse_version(v) for v in ordered]
    assert versions == sorted(versions)
    assert all(a < b for a, b in itertools.pairwise(versions))
    assert parse_version("1.1") == parse_version("1.1.0")
    assert parse_version("1.1dev1") < parse_version("1.1_") < parse_version("1.1a1") < parse_version("1.1.post1")


@pytest.mark.parametrize("text", ["", "1..2", "1!2!3", "a!1", "1+2+3", "+1", "1 2", "{", "1.0<py312"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(VersionError):
        parse_version(text)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("zlib", Spec("zlib")),
        ("Zlib 1.2.*", Spec("zlib", "1.2.*")),
        ("zlib >=1.2,<1.3.0a0", Spec("zlib", ">=1.2,<1.3.0a0")),
        ("zlib >=1.2 , <1.3", Spec("zlib", ">=1.2,<1.3")),
        ("zlib=1.2=h0_0", Spec("zlib", "=1.2", "h0_0")),
        ("zlib 1.2 h0_0", Spec("zlib", "1.2", "h0_0")),
        ("zlib * h0*", Spec("zlib", "*", "h0*")),
        ("conda-forge::zlib 1.2", Spec("zlib", "1.2")),
        ("zlib[version='>=1.2', build=h0]", Spec("zlib", ">=1.2", "h0")),
        ("zlib 1.2|1.3", Spec("zlib", "1.2|1.3")),
        ("__glibc >=2.17", Spec("__glibc", ">=2.17")),
        ("py*", Spec("*")),
        ("zlib  # words", Spec("zlib")),
    ],
)
def test_a_requirement_is_read_as_conda_reads_it(text: str, spec: Spec) -> None:
    assert parse_spec(text) == spec


@pytest.mark.parametrize(
    "text", [{"pip": ["x"]}, "", "zlib >", "zlib >=1.2<2", "packageB  { packageB }", "a b c d <1", "zl!b", ">=1"]
)
def test_what_conda_refuses_is_refused(text: object) -> None:
    with pytest.raises(SpecError):
        parse_spec(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("numpy 1.16", "numpy 1.16.*"),
        ("numpy 1.16.*", "numpy 1.16.*"),
        ("numpy >=1.16", "numpy >=1.16"),
        ("numpy 1.16 py27_0", "numpy 1.16 py27_0"),
        ("numpy x.x", "numpy x.x"),
        ("numpy", "numpy"),
    ],
)
def test_a_bare_version_means_all_that_begin_with_it(text: str, made: str) -> None:
    assert with_star(text) == made


@given(st.text(alphabet="ab1. <>=!|,*()[]'\"#:_-^$~", max_size=40))
def test_any_text_is_a_spec_or_a_spec_error(text: str) -> None:
    with contextlib.suppress(SpecError):
        parse_spec(text)
