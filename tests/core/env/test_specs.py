from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbw_core.env.channels import ChannelRef
from cbw_core.env.specs import match_spec, name_of
from cbw_core.errors import RecipeError


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        # conda_build.utils.ensure_valid_spec
        ("numpy", "numpy"),
        ("numpy 1.16", "numpy 1.16.*"),
        ("numpy 1", "numpy 1.*"),
        ("jpeg 9b", "jpeg 9b.*"),
        ("numpy 1.16.*", "numpy 1.16.*"),
        ("numpy 1.16*", "numpy 1.16*"),
        ("numpy >=1.16", "numpy >=1.16"),
        ("numpy ==1.16", "numpy ==1.16"),
        ("numpy 1.16 py39h1_0", "numpy 1.16 py39h1_0"),
        ("numpy 1.16 *_0", "numpy 1.16 *_0"),
        ("numpy * *_cpython", "numpy * *_cpython"),
        ("vc 14", "vc 14.*"),
        # what conda's parser does with spaces
        ("numpy >= 1.16", "numpy >=1.16"),
        ("numpy >=1.16, <2", "numpy >=1.16,<2"),
        ("numpy 1.16 | 1.19", "numpy 1.16|1.19"),
        ("  numpy   1.16 ", "numpy 1.16.*"),
        ("numpy>=1.16", "numpy>=1.16"),
        ("numpy=1.16", "numpy=1.16"),
        ("numpy ~=1.16", "numpy ~=1.16"),
        ("numpy[version='>=1.16']", "numpy[version='>=1.16']"),
        ("_libgcc_mutex", "_libgcc_mutex"),
        ("__glibc >=2.17", "__glibc >=2.17"),
        ("other::numpy 1.16", "other::numpy 1.16.*"),
        ("here::numpy", "file:///here::numpy"),
    ],
)
def test_a_requirement_means_what_conda_build_means(written: str, meant: str) -> None:
    assert match_spec(written, [ChannelRef("here", "file:///here", "folder")]) == meant


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("foo >=1.2 <2", "`foo >=1.2,<2`"),
        ("foo>=1.2 <2", "`foo >=1.2,<2`"),
        ("foo >=1.2 <2 py_0", ""),
        ("foo 1 2 3", ""),
        ("numpy x.x", "conda_build_config.yaml"),
        ("foo 1.*.3", ""),
        ("foo ===1.2", ""),
        ("foo ^1$", ""),
        ("foo =", ""),
        ("lib*", ""),
        ("", ""),
        ("foo @ https://example.invalid/x", ""),
        ("https://example.invalid/linux-64/foo-1-0.conda", ""),
        ("foo-1-0.tar.bz2", ""),
    ],
)
def test_what_no_conda_reads_is_refused_by_name(written: str, hint: str) -> None:
    with pytest.raises(RecipeError) as caught:
        match_spec(written)
    assert caught.value.kind == "spec"
    assert repr(written) in caught.value.message
    assert caught.value.why
    assert hint in str(caught.value.hint)


def test_the_name_of_a_requirement() -> None:
    assert [name_of(s) for s in ("Foo >=1", "c::foo[x]", "a-b_c.d=1", "")] == ["foo", "foo", "a-b_c.d", ""]


@given(st.text(alphabet="ab1.*<>=!~,| :[]_-@/^$x", max_size=20))
def test_any_text_is_a_spec_or_refused(text: str) -> None:
    try:
        meant = match_spec(text)
    except RecipeError as error:
        assert repr(text) in error.message
    else:
        assert meant.strip()


@given(st.from_regex(r"[a-z][a-z0-9]{0,8} (>=|<|==|~=)?[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True))
def test_meaning_is_stable(text: str) -> None:
    assert match_spec(match_spec(text)) == match_spec(text)
