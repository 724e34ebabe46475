"""info/test: the tests of a package, to be run from the package alone (conda_build.create_test)."""

from __future__ import annotations

import glob
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cbw_core.errors import BuildError, RecipeError
from cbw_core.events import Note, Sink
from cbw_core.layout import Layout
from cbw_core.post.recipe import as_list, place_of, texts
from cbw_core.render.output import Output

_PREFIX_OF_LANGUAGE = {"r": "r-", "perl": "perl-", "lua": "lua-"}


def write_tests(output: Output, layout: Layout, folder: Path, sink: Sink, *, source_files: bool = True) -> None:
    """Write the test files of `output` into `folder`: run_test.{py,pl,r,lua,sh,bat}, `test/files`,
    `test/source_files` (from the work folder; not with source_files=False) and test_time_dependencies.json.

    A recipe's own package takes run_test.* beside meta.yaml, an output what its `test/script` names.
    Raises BuildError(kind="test-files") for source_files that are not there; RecipeError for paths that lead out of
    the recipe.
    """
    test = output.section("test")
    folder.mkdir(parents=True, exist_ok=True)
    _recipe_files(output, folder, sink)
    for language in ("pl", "py", "r", "lua"):
        text = _LANGUAGES[language](output, _own_script(output, f".{language}"))
        if text:
            (folder / f"run_test.{language}").write_text(text, encoding="utf-8")
    for suffix in (".sh", ".bat") if output.noarch else (".sh",):
        _shell(output, folder, suffix)
    if source_files:
        _source_files(output, layout, folder)
    if output.test_requires or test.get("requires"):
        requires = list(output.test_requires) or texts(test.get("requires"))
        (folder / "test_time_dependencies.json").write_text(json.dumps(requires))


def _recipe_files(output: Output, folder: Path, sink: Sink) -> None:
    recipe = Path(output.recipe_dir)
    for pattern in texts(output.section("test").get("files")):
        place = place_of(output, "files", pattern)
        if pattern.startswith("/") or ".." in pattern.split("/"):
            raise RecipeError(f"test/files: {pattern} leads out of the recipe", kind="test-files", place=place)
        found = {*recipe.rglob(pattern.rstrip("/")), *map(Path, glob.glob(str(recipe / pattern)))}  # noqa: PTH207
        if not found:
            sink(Note(f"test/files: {pattern} matches nothing in the recipe's folder", "warning", "package"))
        for file in sorted(found):
            _copy(file, folder / file.relative_to(recipe))


def _source_files(output: Output, layout: Layout, folder: Path) -> None:
    for pattern in texts(output.section("test").get("source_files")):
        found = sorted(glob.glob(str(layout.work / pattern)))  # noqa: PTH207
        inside = [file for file in map(Path, found) if file.resolve().is_relative_to(layout.work.resolve())]
        if not inside:
            raise BuildError(
                f"test/source_files: {pattern} matches nothing in the work folder",
                kind="test-files",
                place=place_of(output, "source_files", pattern),
                hint=f"Look into {layout.work} for what the sources have.",
            )
        for file in inside:
            _copy(file, folder / file.relative_to(layout.work))
    for file in [*folder.rglob("*.pyc"), *folder.rglob("*.pyo")]:
        file.unlink()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        ignored = shutil.ignore_patterns(".git")
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=ignored)
    else:
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def _own_script(output: Output, suffix: str) -> Path | None:
    """The recipe's test script of a language, if it has one."""
    if output.is_output:
        script = str(output.section("test").get("script") or "")
        name = script if script.lower().endswith(suffix) else ""
    else:
        name = f"run_test{suffix}"
    file = Path(output.recipe_dir) / name
    return file if name and file.is_file() else None


def _wrapped(output: Output, script: Path | None, comment: str) -> str:
    """A test script between lines that say which package is tested."""
    if script is None:
        return ""
    text = script.read_text(encoding="utf-8", errors="replace")
    return (
        f"{comment} tests for {output.dist} (this is a generated file);\n"
        f"print('===== testing package: {output.dist} =====');\n"
        f"print('running {script.name}');\n"
        f"{comment} --- {script.name} (begin) ---\n{text}\n{comment} --- {script.name} (end) ---\n"
        f"\nprint('===== {output.dist} OK =====');\n"
    )


def _imports(output: Output, language: str) -> list[str]:
    """`test/imports` of a language: plain ones are Python's, or of the language that the package's name tells."""
    likely = next((lang for lang, start in _PREFIX_OF_LANGUAGE.items() if output.name.startswith(start)), "python")
    found: list[str] = []
    for item in as_list(output.section("test").get("imports")):
        if isinstance(item, Mapping):
            found += texts(item.get("imports")) if item.get("lang") == language else []
        elif item and likely == language:
            found.append(str(item))
    return found


def _python(output: Output, script: Path | None) -> str:
    lines = [f'print("import: {name!r}")\nimport {name}\n\n' for name in _imports(output, "python")]
    return _wrapped(output, script, "#") + "".join(lines)


def _r(output: Output, script: Path | None) -> str:
    lines = [f'print("library({name!r})")\nlibrary({name})\n\n' for name in _imports(output, "r")]
    return _wrapped(output, script, "#") + "".join(lines)


def _lua(output: Output, script: Path | None) -> str:
    lines = [f'print("require \\"{name}\\"\\n");\nrequire "{name}"\n' for name in _imports(output, "lua")]
    return _wrapped(output, script, "--") + "".join(lines)


def _perl(output: Output, script: Path | None) -> str:
    imports = _imports(output, "perl")
    if script is None and not imports:
        return ""
    return _wrapped(output, script, "#") + perl_imports(output.version, imports)


def perl_imports(version: str, names: Sequence[str]) -> str:
    """Perl that imports modules; each that has a version has to have the package's."""
    text = f'my $expected_version = "{version.rstrip("0")}";\n'
    for name in names:
        text += f'print("import: {name}\\n");\nuse {name};\n\n'
        if " " in name:  # an import with arguments has no version to ask for
            continue
        text += (
            f"if (defined {name}->VERSION) {{\n"
            f"\tmy $given_version = {name}->VERSION;\n"
            "\t$given_version =~ s/0+$//;\n"
            "\tdie('Expected version ' . $expected_version . ' but found ' . $given_version)"
            " unless ($expected_version eq $given_version);\n"
            f"\tprint('\tusing version ' . {name}->VERSION . '\n');\n}}\n"
        )
    return text


_LANGUAGES: Mapping[str, Any] = {"py": _python, "pl": _perl, "r": _r, "lua": _lua}


def _shell(output: Output, folder: Path, suffix: str) -> None:
    text = shell_test(output, suffix)
    if text is None:
        return
    target = folder / f"run_test{suffix}"
    target.write_text(text, encoding="utf-8")
    if script := _own_script(output, suffix):
        shutil.copymode(script, target)


def shell_test(output: Output, suffix: str = ".sh") -> str | None:
    """The text of run_test.sh (or .bat): the recipe's own script, and `test/commands` behind it. None without both."""
    script, commands = _own_script(output, suffix), texts(output.section("test").get("commands"))
    if script is None and not commands:
        return None
    text = script.read_text(encoding="utf-8", errors="replace") if script else ""
    return text + (_commands(commands, suffix) if commands else "")


def _commands(commands: Sequence[str], suffix: str) -> str:
    if suffix == ".bat":
        lines = [f"{command}\nIF %ERRORLEVEL% NEQ 0 exit /B 1\n" for command in commands]
        return "\n\n@echo on\n\n" + "".join(lines) + "exit /B 0\n"
    return "\n\nset -ex\n\n\n\n" + "".join(f"{command}\n" for command in commands) + "exit 0\n"
