"""Which script builds an output, and where its text was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from cbw_core.errors import Place, RecipeError
from cbw_core.render.output import Output

Kind = Literal["build.sh", "build/script", "output script"]

# conda_build.build.guess_interpreter; perl is ours
_INTERPRETERS: Mapping[str, tuple[str, ...]] = {".sh": ("bash", "-e"), ".py": ("python",), ".pl": ("perl",)}
_WINDOWS = (".bat", ".ps1")
# where the script of a wheel output leaves it, below work/
WHEELS = ".cbw-wheels"
_KEYS = frozenset({"file", "content", "interpreter", "env", "secrets"})


@dataclass(frozen=True)
class Script:
    """The text that builds an output.

    file:        where a person edits it: a script of the recipe, or meta.yaml; None when it is in no file.
    first_line:  the line (from 1) of `file` at which `text` begins; for meta.yaml the line of `script:` or 0.
    interpreter: what runs it ("bash -e": in conda_build.sh itself).
    env, secrets: variables that a script given as a mapping sets, and names of those it takes from the caller's
    environment; the values of the latter are shown nowhere.
    keys:        for lines in meta.yaml, where these may be written there, the likeliest first: ("build", "script").
    """

    text: str
    file: str | None
    first_line: int
    interpreter: tuple[str, ...]
    kind: Kind
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()

    @property
    def is_bash(self) -> bool:
        return Path(self.interpreter[0]).name == "bash"

    @property
    def name(self) -> str:
        """How to speak of it: "build.sh", "build/script of meta.yaml"."""
        if self.file is None:
            return "pip wheel"
        file = Path(self.file).name
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
        found = self._lines_in_recipe()
        number = found[line - 1] if 0 < line <= len(found) else None
        return Place(self.file, number or _line_of(Path(self.file), text, self.first_line), None, text or None)

    def _lines_in_recipe(self) -> tuple[int | None, ...]:
        """For each line of the text the line of meta.yaml it is written on."""
        from cbw_core.recipe.script_lines import script_places

        recipe = "\n".join(line for _, line in _numbered(Path(self.file or "")))
        script = tuple(self.text.removesuffix("\n").split("\n"))
        found = (script_places(recipe, keys, script) for keys in self.keys)
        return max(found, key=lambda one: sum(line is not None for line in one), default=())


def script_of(output: Output) -> Script | None:
    """The script to run for an output; None when there is none (its `files`, or the top level's build, make it).

    Raises RecipeError: build.sh and build/script are both there, the script file of an output is not, or it is of a
    kind that does not run here.
    """
    if output.package_type == "wheel":
        text = f'pip wheel --wheel-dir "$SRC_DIR/{WHEELS}" --no-deps .\n'  # conda_build.build.bundle_wheel
        return Script(text, None, 0, _INTERPRETERS[".sh"], "output script")
    if output.script:
        return _output_script(output)
    told: Any = output.section("build").get("script")
    if isinstance(told, Mapping):
        return _of_mapping(output, told)
    lines = _lines(told)
    if output.is_output and not output.is_toplevel:
        # an output inherits `build:` of the top level, whose script ran there already (bundle_conda)
        if not lines or (output.top.get("package") and (output.top.get("build") or {}).get("script")):
            return None
        return _from_recipe(output, lines, "output script", ("build", "script"))
    file = Path(output.recipe_dir) / "build.sh"
    if file.is_file() and lines:
        raise _twice(output)
    if file.is_file():
        return Script(_read(file), str(file), 1, _INTERPRETERS[".sh"], "build.sh")
    return _from_recipe(output, lines, "build/script", ("build", "script")) if lines else None


def _of_mapping(output: Output, told: Mapping[str, Any]) -> Script | None:
    """build/script as a mapping, as CEP 14 has it: the lines (`content`) or the file (`file`, else build.sh) with what
    runs them and the variables they see. conda-build itself takes lines only."""
    here = output.is_output and not output.is_toplevel
    if here and output.top.get("package") and (output.top.get("build") or {}).get("script") == told:
        return None  # the top level's, which ran there already
    file = _checked(output, told)
    kind: Kind = "output script" if here else "build/script"
    interpreter = tuple(str(told.get("interpreter") or "").split())
    if Path(interpreter[0] if interpreter else "").name in ("cmd", "cmd.exe", "powershell", "pwsh"):
        raise _refused(output, f"the interpreter {interpreter[0]} is one of Windows, which cannot run here")
    if interpreter == ("bash",):
        interpreter = _INTERPRETERS[".sh"]
    if file is not None:
        script = Script(_read(file), str(file), 1, interpreter or _guess(output, file), kind)
    else:
        lines = _from_recipe(output, _lines(told.get("content")), kind, ("build", "script", "content"))
        if lines is None:
            return None
        script = replace(lines, interpreter=interpreter or lines.interpreter)
    env = {str(name): _value(value) for name, value in (told.get("env") or {}).items()}
    return replace(script, env=env, secrets=_lines(told.get("secrets")))


def _checked(output: Output, told: Mapping[str, Any]) -> Path | None:
    """The file that a mapping names (without a suffix: with .sh); build.sh where it names neither file nor content."""
    unknown = sorted(set(map(str, told)) - _KEYS)
    if unknown:
        raise _refused(
            output, f"build/script has no key {', '.join(unknown)}", f"Its keys are {', '.join(sorted(_KEYS))}."
        )
    if told.get("file") and told.get("content"):
        raise _refused(output, "build/script says both file and content", "Keep one of them.")
    if not isinstance(told.get("env") or {}, Mapping):
        raise _refused(output, "env of build/script is not a mapping", "Write NAME: value below it.")
    name = str(told.get("file") or ("" if told.get("content") else "build.sh"))
    if not name:
        return None
    root = Path(output.recipe_dir)
    file = next((f for f in (root / name, root / f"{name}.sh") if f.is_file()), None)
    if file is None:
        raise _refused(
            output, f"the script {name} of build/script is not in the recipe's folder", f"Create {root / name}."
        )
    if (root / "build.sh").is_file() and file != root / "build.sh" and not output.is_output:
        raise _twice(output)
    return file


def _refused(output: Output, message: str, hint: str | None = None) -> RecipeError:
    return RecipeError(message, place=Place(output.recipe_file, _script_key(output), None, "script:"), hint=hint)


def _twice(output: Output) -> RecipeError:
    return _refused(
        output,
        "both build.sh and build/script of meta.yaml say how to build",
        "Remove build.sh, or remove script from the build section of meta.yaml.",
    )


def _lines(told: Any) -> tuple[str, ...]:
    if told is None:
        return ()
    return (told,) if isinstance(told, str) else tuple(_value(line) for line in told if line is not None)


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _from_recipe(output: Output, lines: Sequence[str], kind: Kind, key: tuple[str, ...]) -> Script | None:
    text = "\n".join(lines)
    if not text.strip():
        return None
    # an output may have it from the top level; one with the name of the top level counts as that
    keys = (key, ("outputs", output.name, *key))
    if output.is_output and not output.is_toplevel:
        keys = (keys[1], key)
    first = _script_key(output) or 0
    return Script(text + "\n", output.recipe_file or None, first, _INTERPRETERS[".sh"], kind, keys=keys)


def _output_script(output: Output) -> Script | None:
    """`outputs/script`: a file of the recipe, or lines."""
    interpreter = tuple((output.script_interpreter or "").split())
    if not isinstance(output.script, str):
        script = _from_recipe(output, output.script or (), "output script", ("script",))
        if script is None or not interpreter:
            return script
        return replace(script, interpreter=interpreter)
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
