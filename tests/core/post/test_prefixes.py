"""Files that hold the prefix."""

from __future__ import annotations

from typing import Any

import pytest

from cbw_core.errors import BuildError, RecipeError
from cbw_core.post.prefixes import OLD_PLACEHOLDER


@pytest.fixture
def three(built: Any) -> Any:
    built.write("text", f"a\nprefix={built.prefix}\n")
    built.write("binary", b"\0\1" + str(built.prefix).encode() + b"/lib\0")
    built.write("neither", "nothing here")
    return built


def kinds(result: Any) -> dict[str, str]:
    return {path: kind for path, (_, kind) in result.prefix_files.items()}


def test_text_and_binary_are_found(three: Any) -> None:
    result = three.process()
    assert result.prefix_files == {
        "text": (str(three.prefix), "text"),
        "binary": (str(three.prefix), "binary"),
    }


@pytest.mark.parametrize(
    ("build", "found"),
    [
        ({"detect_binary_files_with_prefix": False}, {"text": "text"}),
        ({"ignore_prefix_files": True}, {}),
        ({"ignore_prefix_files": ["te*"]}, {"binary": "binary"}),
        ({"binary_has_prefix_files": ["binary"]}, {"binary": "binary", "text": "text"}),
        ({"binary_has_prefix_files": ["binary"], "detect_binary_files_with_prefix": False},
         {"binary": "binary", "text": "text"}),
        ({"has_prefix_files": ["text"]}, {"binary": "binary", "text": "text"}),
    ],
)  # fmt: skip
def test_fields_of_the_recipe_say_which_files_have_the_prefix(
    three: Any, build: dict[str, Any], found: dict[str, str]
) -> None:
    assert kinds(three.process(build=build)) == found


def test_listed_files_are_the_only_ones(three: Any) -> None:
    three.write("text2", str(three.prefix))
    three.write("binary2", b"\0" + str(three.prefix).encode() + b"\0")
    build = {"has_prefix_files": ["text"], "binary_has_prefix_files": ["binary"]}
    assert kinds(three.process(build=build)) == {"text": "text", "binary": "binary"}


def test_a_text_file_can_be_called_binary(three: Any) -> None:
    assert kinds(three.process(build={"binary_has_prefix_files": ["text", "binary"]}))["text"] == "binary"


@pytest.mark.parametrize("field", ["has_prefix_files", "binary_has_prefix_files"])
def test_a_listed_file_without_the_prefix_is_an_error_with_its_line(three: Any, meta_yaml: Any, field: str) -> None:
    meta_yaml(f"build:\n  {field}:\n    - neither\n")
    with pytest.raises(BuildError, match="neither does not hold the prefix") as caught:
        three.process(build={field: ["neither"]})
    assert caught.value.place is not None and caught.value.place.line == 3


def test_a_listed_file_that_is_not_there_is_a_warning(three: Any) -> None:
    result = three.process(build={"has_prefix_files": ["gone", "text"]})
    assert result.warnings == ("build/has_prefix_files: gone matches nothing in the host prefix",)


def test_a_listed_text_file_that_is_binary(three: Any) -> None:
    with pytest.raises(BuildError, match="binary is binary"):
        three.process(build={"has_prefix_files": ["binary"]})


def test_links_and_bytecode_are_not_searched(built: Any) -> None:
    built.write("real", str(built.prefix))
    built.link("link", "real")
    built.write("mod.pyc", str(built.prefix))
    assert list(built.process().prefix_files) == ["real"]


def test_the_old_placeholder_counts_in_text_and_is_an_error_in_a_binary(built: Any) -> None:
    built.write("text", OLD_PLACEHOLDER)
    assert built.process().prefix_files == {"text": (OLD_PLACEHOLDER, "text")}
    built.write("binary", b"\0" + OLD_PLACEHOLDER.encode())
    with pytest.raises(BuildError, match="32 characters") as caught:
        built.process()
    assert "binary" in caught.value.message


def test_the_prefix_in_an_elf_file(built: Any) -> None:
    code = f'const char *where(void) {{ return "{built.prefix}/share"; }}'
    built.gcc("lib/libwhere.so", "-shared", "-fPIC", code=code)
    assert kinds(built.process()) == {"lib/libwhere.so": "binary"}


def test_replacements_of_the_variant(built: Any) -> None:
    built.write("lib/pkgconfig/x.pc", "libdir=/usr/lib\n")
    built.write("lib/x.bin", b"\0/usr/lib\n")
    row = {"tag": "t", "glob_patterns": ["*.pc", "*.bin"], "regex_re": "/usr/(lib)", "replacement_re": r"@\1@"}
    built.process(variant={"replacements": {"all_replacements": [row]}})
    assert (built.prefix / "lib/pkgconfig/x.pc").read_text() == "libdir=@lib@\n"
    assert (built.prefix / "lib/x.bin").read_bytes() == b"\0/usr/lib\n"
    with pytest.raises(RecipeError, match="replacement t"):
        built.process(variant={"replacements": {"all_replacements": [{"tag": "t"}]}})
