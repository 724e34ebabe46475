"""Edits of conda_build.sh written into recipes of all forms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cbw_core.errors import RecipeError, UsageError
from cbw_core.session import Phase, Session, State, keep_script
from support.sessions import Start


def _edit(session: Session, old: str, new: str) -> None:
    session.run(Phase.ENV)
    file = session.layout.build_file
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_script_keeps_its_line_ends_and_its_mode(recipe: Callable[..., Path], start: Start) -> None:
    folder = recipe("a", "package: {name: a, version: '1'}\n", **{"build.sh": ""})
    script = folder / "build.sh"
    script.write_bytes(b"echo one\r\necho two\necho three")
    script.chmod(0o755)
    session = start(folder)
    _edit(session, "echo two\n", "echo 2\necho more\n")
    tried = keep_script(session, try_only=True)
    assert (tried.written, "+echo 2" in tried.diff) == (False, True)
    assert script.read_bytes() == b"echo one\r\necho two\necho three"
    assert keep_script(session).written
    assert script.read_bytes() == b"echo one\r\necho 2\r\necho more\r\necho three"
    assert script.stat().st_mode & 0o777 == 0o755
    with pytest.raises(UsageError, match="nothing to keep"):
        keep_script(session)


def test_what_the_recipe_has_by_now_is_said(recipe: Callable[..., Path], start: Start) -> None:
    folder = recipe("a", "package: {name: a, version: '1'}\n", **{"build.sh": "echo one\n"})
    session = start(folder)
    _edit(session, "echo one", "echo two")
    (folder / "build.sh").write_text("echo two\n")
    made = keep_script(session)
    assert (made.written, made.diff) == (False, "")


OUTPUTS = """\
package:
  name: top
  version: "1"
outputs:
  - name: one
    script: one.sh
  - name: two
    build:
      script:
        - echo a   # [linux]
        - echo {{ PKG_NAME }} b
  - name: three
    build:
      script:
        - echo a
        - echo b
"""


def test_each_output_has_its_own_lines(recipe: Callable[..., Path], start: Start) -> None:
    text = OUTPUTS.replace("{{ PKG_NAME }} ", "")
    folder = recipe("outs", text, **{"one.sh": "echo a\n"})
    _edit(one := start(folder, "three-*"), "echo b", "echo c\necho d")
    keep_script(one)
    text = text.replace("- echo a\n        - echo b\n", "- echo a\n        - echo c\n        - echo d\n")
    assert (folder / "meta.yaml").read_text() == text
    _edit(one := start(folder, "two-*"), "echo a", "echo 1")
    keep_script(one)
    text = text.replace("- echo a   # [linux]", "- echo 1   # [linux]")
    assert (folder / "meta.yaml").read_text() == text
    _edit(one := start(folder, "one-*"), "echo a", "echo 1")
    keep_script(one)
    assert (folder / "one.sh").read_text() == "echo 1\n"


def test_variants_have_the_edit_each_in_its_way(recipe: Callable[..., Path], start: Start) -> None:
    text = (
        "package:\n  name: v\n  version: '1'\nbuild:\n  string: {{ flavor }}\n  script:\n"
        "    - echo {{ flavor }} one  # [flavor]\n    - echo two\n    - echo only  # [flavor == 'a']\n"
    )
    folder = recipe("v", text, **{"conda_build_config.yaml": "flavor:\n  - a\n  - b\n"})
    session = start(folder, "v-1-a*")
    _edit(session, "echo a one", "echo a 1")
    keep_script(session)
    assert (folder / "meta.yaml").read_text() == text.replace(" one ", " 1 ")


def test_a_line_behind_a_block_of_text(recipe: Callable[..., Path], start: Start) -> None:
    text = "package: {name: a, version: '1'}\nbuild:\n  script: |\n    echo a\n    echo b\nabout: {home: x}\n"
    folder = recipe("a", text)
    session = start(folder)
    session.run(Phase.ENV)
    with session.layout.build_file.open("a") as out:
        out.write("echo c\n")
    keep_script(session)
    assert (folder / "meta.yaml").read_text() == text.replace("echo b\n", "echo b\n\n    echo c\n")
    with pytest.raises(UsageError, match="nothing to keep"):
        keep_script(session)
    _edit(session, "echo a", "echo 1")
    keep_script(session)
    assert "    echo 1\n    echo b\n\n    echo c\nabout" in (folder / "meta.yaml").read_text()


def test_an_edit_that_would_change_more_is_refused(recipe: Callable[..., Path], start: Start) -> None:
    text = "{% set flags = '-x' %}\npackage: {name: a, version: '1'}\nbuild:\n  script:\n    - make {{ flags }}\n"
    folder = recipe("a", text)
    session = start(folder)
    _edit(session, "make -x", "make -y")
    with pytest.raises(RecipeError) as raised:
        keep_script(session)
    assert raised.value.place is not None and raised.value.place.line == 5
    assert (folder / "meta.yaml").read_text() == text


def test_our_header_and_other_languages_are_refused(recipe: Callable[..., Path], start: Start) -> None:
    folder = recipe("a", "package: {name: a, version: '1'}\n", **{"build.sh": "echo one\n"})
    session = start(folder)
    _edit(session, "fi\n", "fi # mine\n")
    with pytest.raises(UsageError, match="first 3 lines"):
        keep_script(session)
    meta = (
        "package: {name: b, version: '1'}\noutputs:\n  - name: b\n    script: go.py\n    script_interpreter: python3\n"
    )
    other = start(recipe("b", meta, **{"go.py": "print(1)\n"}), "b-*")
    _edit(other, "go.py", "went.py")
    with pytest.raises(UsageError, match="of the recipe's own bash script"):
        keep_script(other)


def test_a_text_that_has_not_run_makes_the_build_stale(recipe: Callable[..., Path], start: Start) -> None:
    folder = recipe("a", "package: {name: a, version: '1'}\n", **{"build.sh": "echo one\n"})
    session = start(folder)
    session.run(Phase.BUILD)
    _edit(session, "echo one", "echo two")
    keep_script(session)
    assert session.status()[Phase.BUILD].state is State.STALE  # that text has not run


def test_an_output_with_the_name_of_the_top_level_has_its_lines(recipe: Callable[..., Path], start: Start) -> None:
    text = "package: {name: a, version: '1'}\noutputs:\n  - name: a\n    build:\n      script: echo one\n  - name: b\n"
    folder = recipe("a", text)
    session = start(folder, "a-*")
    _edit(session, "echo one", "echo two")
    keep_script(session)
    assert (folder / "meta.yaml").read_text() == text.replace("one", "two")
