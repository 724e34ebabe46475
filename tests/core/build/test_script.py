from __future__ import annotations

from pathlib import Path

import pytest

from cbw_core.build import script_of
from cbw_core.errors import RecipeError


def test_build_sh_is_the_script_of_a_recipe(make) -> None:
    output = make({"build.sh": "make\nmake install\n"})
    script = script_of(output)
    assert script is not None
    assert (script.text, script.kind, script.first_line) == ("make\nmake install\n", "build.sh", 1)
    assert script.file == str(Path(output.recipe_dir) / "build.sh")
    place = script.place(2)
    assert place is not None
    assert (place.file, place.line, place.text) == (script.file, 2, "make install")


def test_lines_of_build_script_are_found_in_meta_yaml(make) -> None:
    meta = "package:\n  name: pkg\nbuild:\n  script:\n    - ./configure --prefix=$PREFIX\n    - make install\n"
    lines = ["./configure --prefix=$PREFIX", "make install"]
    output = make({"meta.yaml": meta}, meta={"build": {"script": lines}})
    script = script_of(output)
    assert script is not None
    assert script.text == "./configure --prefix=$PREFIX\nmake install\n"
    assert (script.kind, script.first_line) == ("build/script", 4)
    place = script.place(2)
    assert place is not None
    assert (place.file, place.line) == (output.recipe_file, 6)


def test_a_line_that_rendering_made_is_told_by_its_key(make) -> None:
    meta = "build:\n  script: make {{ name }}\n"
    script = script_of(make({"meta.yaml": meta}, meta={"build": {"script": "make pkg"}}))
    assert script is not None
    place = script.place(1)
    assert place is not None
    assert (place.line, place.text) == (2, "make pkg")


@pytest.mark.parametrize(
    ("written", "told", "lines"),
    [
        ("\n    - make\n    - make install\n    - make", ["make", "make install", "make"], (3, 4, 5)),
        (" |\n    make\n    make install\n    make", "make\nmake install\nmake\n", (3, 4, 5)),
        (
            "\n    - a  # [win]\n    - make {{ x }}  # [unix]\n    - |\n      if b\n      fi",
            ["make 1", "if b\nfi\n"],
            (4, 6, 7),
        ),
        (
            "\n    content:\n      - a\n      - b\n    env:\n      A: b",
            {"content": ["a", "b"], "env": {"A": "b"}},
            (4, 5),
        ),
        ("\n    content: |\n      a\n      b", {"content": "a\nb\n"}, (4, 5)),
        ("\n    - long \\\n      --option\n    - b", ["long \\ --option", "b"], (3, 5)),
    ],
)
def test_each_line_is_found_where_it_is_written(make, written: str, told: object, lines: tuple[int, ...]) -> None:
    meta = f"build:\n  script:{written}\ntest:\n  commands:\n    - make\n    - b\n"
    script = script_of(make({"meta.yaml": meta}, meta={"build": {"script": told}}))
    assert script is not None
    found = [script.place(number) for number in range(1, len(lines) + 1)]
    assert tuple(place.line for place in found if place is not None) == lines


def test_no_script_is_none(make) -> None:
    assert script_of(make()) is None
    assert script_of(make(meta={"build": {"script": []}})) is None
    assert script_of(make(meta={"build": {"script": ""}})) is None


def test_build_sh_and_build_script_together_are_an_error_that_says_what_to_remove(make) -> None:
    meta = "build:\n  script: make\n"
    with pytest.raises(RecipeError) as caught:
        script_of(make({"build.sh": "make", "meta.yaml": meta}, meta={"build": {"script": "make"}}))
    assert "build.sh" in caught.value.message
    assert "Remove build.sh" in str(caught.value.hint)
    assert caught.value.place is not None
    assert caught.value.place.line == 2


@pytest.mark.parametrize(
    ("told", "files", "text", "interpreter"),
    [
        ({"content": "make"}, {}, "make\n", ("bash", "-e")),
        ({"content": ["a", "b", True]}, {}, "a\nb\ntrue\n", ("bash", "-e")),
        ({"file": "other"}, {"other.sh": "x\n"}, "x\n", ("bash", "-e")),
        ({"file": "do.py"}, {"do.py": "pass\n"}, "pass\n", ("python",)),
        ({"file": "do.txt", "interpreter": "perl -w"}, {"do.txt": "1;\n"}, "1;\n", ("perl", "-w")),
        ({"content": "print()", "interpreter": "python"}, {}, "print()\n", ("python",)),
        ({"env": {"A": 1}}, {"build.sh": "top\n"}, "top\n", ("bash", "-e")),
        ({"content": "x", "interpreter": "bash"}, {}, "x\n", ("bash", "-e")),
    ],
)
def test_script_as_a_mapping_says_file_content_and_interpreter(make, told, files, text, interpreter) -> None:
    script = script_of(make(files, meta={"build": {"script": told}}))
    assert script is not None
    assert (script.text, script.interpreter) == (text, interpreter)


def test_script_as_a_mapping_says_variables(make) -> None:
    told = {"content": "x", "env": {"A": 1, "B": "two", "C": True}, "secrets": ["TOKEN"]}
    script = script_of(make(meta={"build": {"script": told}}))
    assert script is not None
    assert (script.env, script.secrets) == ({"A": "1", "B": "two", "C": "true"}, ("TOKEN",))


@pytest.mark.parametrize(
    ("told", "files", "message"),
    [
        ({"contents": "x"}, {}, "no key contents"),
        ({"file": "a", "content": "b"}, {}, "both file and content"),
        ({"file": "gone"}, {}, "the script gone of build/script is not in"),
        ({"env": ["A"], "content": "x"}, {}, "env of build/script is not a mapping"),
        ({"content": "x", "interpreter": "powershell"}, {}, "powershell is one of Windows"),
        ({"file": "a.sh"}, {"a.sh": "", "build.sh": ""}, "both build.sh and build/script"),
        ({"file": "do.rb"}, {"do.rb": ""}, "nothing tells what runs do.rb"),
    ],
)
def test_script_as_a_wrong_mapping_is_told(make, told, files, message) -> None:
    with pytest.raises(RecipeError, match=message):
        script_of(make(files, meta={"build": {"script": told}}))


def test_script_of_an_output_is_the_text_of_its_file(make) -> None:
    output = make(
        {"build-lib.sh": "install a\n", "build.sh": "top\n"},
        script="build-lib.sh", is_output=True, meta={"build": {"script": "build-lib.sh"}},
    )  # fmt: skip
    script = script_of(output)
    assert script is not None
    assert (script.text, script.kind, script.interpreter) == ("install a\n", "output script", ("bash", "-e"))
    assert script.name == "build-lib.sh"


def test_output_without_a_script_does_not_run_the_top_levels(make) -> None:
    inherited = {"build": {"script": "make"}}
    top = {"package": {"name": "top"}, "build": {"script": "make"}}
    assert script_of(make({"build.sh": "top\n"}, is_output=True, top={"package": {"name": "top"}})) is None
    assert script_of(make(is_output=True, meta=inherited, top=top)) is None


def test_output_runs_the_script_of_its_own_build_section(make) -> None:
    own = {"build": {"script": ["make install-lib"]}}
    script = script_of(make(is_output=True, meta=own, top={"package": {"name": "top"}}))
    assert script is not None
    assert script.text == "make install-lib\n"


def test_top_level_of_a_recipe_with_outputs_runs_build_sh(make) -> None:
    script = script_of(make({"build.sh": "top\n"}, is_output=True, is_toplevel=True))
    assert script is not None
    assert script.text == "top\n"


@pytest.mark.parametrize(
    ("name", "told", "interpreter"),
    [
        ("a.py", None, ("python",)),
        ("a.pl", None, ("perl",)),
        ("a.sh", "bash -ex", ("bash", "-ex")),
        ("a.txt", "python -u", ("python", "-u")),
    ],
)
def test_interpreter_is_told_or_follows_the_suffix(make, name: str, told: str | None, interpreter) -> None:
    script = script_of(make({name: "x"}, script=name, script_interpreter=told, is_output=True))
    assert script is not None
    assert script.interpreter == interpreter


def test_lines_as_an_outputs_script(make) -> None:
    script = script_of(make(script=("a", "b"), is_output=True))
    assert script is not None
    assert (script.text, script.interpreter) == ("a\nb\n", ("bash", "-e"))


@pytest.mark.parametrize(("name", "match"), [("a.bat", "Windows"), ("a.ps1", "Windows"), ("a.rb", "what runs a.rb")])
def test_script_that_cannot_run_is_refused_by_name(make, name: str, match: str) -> None:
    with pytest.raises(RecipeError, match=match):
        script_of(make({name: "x"}, script=name, is_output=True))


def test_script_file_that_is_not_there_is_named(make) -> None:
    meta = "outputs:\n  - name: lib\n    script: build-lib.sh\n"
    with pytest.raises(RecipeError, match=r"build-lib\.sh of output lib") as caught:
        script_of(make({"meta.yaml": meta}, name="lib", script="build-lib.sh", is_output=True))
    assert caught.value.place is not None
    assert caught.value.place.line == 3
