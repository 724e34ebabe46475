from __future__ import annotations

from cbw_core.test import inputs


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_section_scripts_and_files_count(make) -> None:
    section = {"commands": ["a"], "files": ["data"]}
    files = {"run_test.py": "1", "data/x": "1", "build.sh": "1"}
    before = inputs(make(files, section))
    assert changed(before, inputs(make(files, {**section, "commands": ["b"]}))) == {"test section"}
    assert changed(before, inputs(make({"run_test.py": "2"}, section))) == {"test file run_test.py"}
    make({"run_test.py": "1", "data/x": "2"}, section)
    assert changed(before, inputs(make(None, section))) == {"test file data/x"}


def test_what_other_phases_read_does_not_count(make) -> None:
    before = inputs(make({"build.sh": "1", "meta.yaml": "1"}, {"commands": ["a"]}))
    assert inputs(make({"build.sh": "2", "meta.yaml": "2"}, {"commands": ["a"]})) == before


def test_an_output_counts_only_its_own_script(make) -> None:
    files = {"run_test.py": "1", "check.sh": "1"}
    before = inputs(make(files, {"script": "check.sh"}, is_output=True))
    after = inputs(make({"run_test.py": "2", "check.sh": "2"}, {"script": "check.sh"}, is_output=True))
    assert changed(before, after) == {"test file check.sh"}
