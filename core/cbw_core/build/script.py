"""Which script builds an output, and where its text was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cbw_core.errors import Place, RecipeError
from cbw_core.render.output import Output

Kind = Literal["build.sh", "build/script", "output script"]

# conda_build.build.guess_interpreter; perl is ours
_INTERPRETERS: Mapping[str, tuple[str, ...]] = {".sh": ("bash", "-e"), ".py": ("python",), ".pl": ("perl",)}
_WINDOWS = (".bat", ".ps1")


@dataclass(frozen=True)
class Script:
    """The text that builds an output.

    file:        where a person edits it: a script of the recipe, or meta.yaml; None when it is in no file.
    first_line:  the line (from 1) of `file` at which `text` begins; for meta.yaml the line of `script:` or 0.
    interpreter: what runs it ("bash -e": in conda_build.sh itself).
    """

    text: str
    file: str | None
    first_line: int
    interpreter: tuple[str, ...]
    kind: Kind

    @property
    def is_bash(self) -> bool:
        return Path(self.interpreter[0]).name == "bash"

    @property
    def name(self) -> str:
        """How to speak of it: "build.sh", "build/script of meta.yaml"."""
        file = Path(self.file).name if self.file else "the recipe"
        return (
            file if self.text_is_file else f"{'build/script' if self.kind != 'output script' else 'script'} of {file}"
        )

    @property
    def text_is_file(self) -> bool:
        """Whether `text` is all of `file`."""
        return self.file is not None and Path(self.file).suffix not in (".yaml", ".yml")

    def place(self, line: int, command: str = "") -> Place | None:
        """The place of a line (from 1) of the text in the file a person edits."""
        if self.file is None:
            return None
        lines = self.text.splitlines()
        text = lines[line - 1].strip() if 0 < line <= len(lines) else command
        if self.text_is_file:
            return Place(self.file, self.first_line + line - 1, None, text or None)
        return Place(self.file, _line_of(Path(self.file), text, self.first_line), None, text or None)


def script_of(output: Output) -> Script | None:
    """The script to run for an output; None when there is none (its `files`, or the top level's build, make it).

    Raises RecipeError: build.sh and build/script are both there, the script file of an output is not, or it is of a
    kind that does not run here.
    """
    if output.script:
        return _output_script(output)
    lines = _build_script(output)
    if output.is_output and not output.is_toplevel:
        # an output inherits `build:` of the top level, whose script ran there already (bundle_conda)
        if not lines or (output.top.get("package") and (output.top.get("build") or {}).get("script")):
            return None
        return _from_recipe(output, lines, "output script")
    file = Path(output.recipe_dir) / "build.sh"
    if file.is_file() and lines:
        raise RecipeError(
            "both build.sh and build/script of meta.yaml say how to build",
            place=Place(output.recipe_file, _script_key(output), None, "script:"),
            hint="Remove build.sh, or remove script from the build section of meta.yaml.",
        )
    if file.is_file():
        return Script(_read(file), str(file), 1, _INTERPRETERS[".sh"], "build.sh")
    return _from_recipe(output, lines, "build/script") if lines else None


def _build_script(output: Output) -> tuple[str, ...]:
    told: Any = output.section("build").get("script")
    if isinstance(told, Mapping):
        raise RecipeError(
            "build/script as a mapping is not supported",
            place=Place(output.recipe_file, _script_key(output), None, "script:"),
            why=f"It has the keys {', '.join(map(str, told))}; conda-build takes a text or a list of lines.",
            hint="Write the lines of the script, or put them into build.sh.",
        )
    if told is None:
        return ()
    return (told,) if isinstance(told, str) else tuple(str(line) for line in told if line is not None)


def _from_recipe(output: Output, lines: Sequence[str], kind: Kind) -> Script | None:
    text = "\n".join(lines)
    if not text.strip():
        return None
    return Script(text + "\n", output.recipe_file or None, _script_key(output) or 0, _INTERPRETERS[".sh"], kind)


def _output_script(output: Output) -> Script | None:
    """`outputs/script`: a file of the recipe, or lines."""
    interpreter = tuple((output.script_interpreter or "").split())
    if not isinstance(output.script, str):
        script = _from_recipe(output, output.script or (), "output script")
        if script is None or not interpreter:
            return script
        return Script(script.text, script.file, script.first_line, interpreter, script.kind)
    file = Path(output.recipe_dir) / output.script
    if not file.is_file():
        raise RecipeError(
            f"the script {output.script} of output {output.name} is not in the recipe's folder",
            place=Place(output.recipe_file, _line_of(Path(output.recipe_file), f"script: {output.script}", 0)),
            hint=f"Create {file}, or correct the name. Lines of a script go into a list, or into build/script.",
        )
    return Script(_read(file), str(file), 1, interpreter or _guess(output, file), "output script")


def _guess(output: Output, file: Path) -> tuple[str, ...]:
    if file.suffix in _WINDOWS:
        raise RecipeError(
            f"{file.name} of output {output.name} is a script for Windows, which cannot run here",
            place=Place(str(file)),
            hint="Choose another script by a selector: `script: build.sh  # [unix]`.",
        )
    if file.suffix not in _INTERPRETERS:
        raise RecipeError(
            f"nothing tells what runs {file.name} of output {output.name}",
            place=Place(str(file)),
            why=f"The interpreter follows from the suffix: {', '.join(_INTERPRETERS)}.",
            hint="Say it with script_interpreter in meta.yaml.",
        )
    return _INTERPRETERS[file.suffix]


def _read(file: Path) -> str:
    from cbw_core.errors import from_os_error

    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise from_os_error(error, f"reading {file.name}") from error


def _script_key(output: Output) -> int | None:
    """The line of `script:` in meta.yaml, when there is one only."""
    found = [n for n, line in _numbered(Path(output.recipe_file)) if line.lstrip(" -").startswith("script:")]
    return found[0] if len(found) == 1 else None


def _line_of(file: Path, text: str, after: int) -> int | None:
    """The line of a file that holds `text`; where several do, the first behind line `after`; None when none does."""
    if not text:
        return after or None
    found = [n for n, line in _numbered(file) if text in line]
    return next((n for n in found if n >= after), found[0] if found else after or None)


def _numbered(file: Path) -> Iterator[tuple[int, str]]:
    try:
        return enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
    except OSError:
        return iter(())
