"""A script that is edited while it stands: in the recipe, or in the file that bash was started with."""

from __future__ import annotations

import difflib
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from cbw_core.errors import Place, RecipeError, UsageError, from_os_error
from cbw_core.trace.commands import top_command_at, top_commands
from cbw_core.trace.jump import difference, jump_to, resume_line
from cbw_core.trace.model import Reloaded, Stop, Target

Source: TypeAlias = Literal["recipe", "work"]


class Editing:
    """The two texts of a script that a person may edit, as they were when last read. text: what was read last, or
    what the script began with."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._header = _read(target.script).split("\n")[: target.header]
        self.text = self._recipe = self._work = target.text

    @property
    def recipe(self) -> str:
        """The recipe's text as last read."""
        return self._recipe

    @property
    def work(self) -> str:
        """The work folder's text as last read."""
        return self._work

    def target_of(self, text: str) -> Target:
        """The target with the places of a text that runs: where the recipe does not have it, those of the work
        folder's file."""
        if text in (self._recipe, self._target.text):
            return self._target
        file, header = str(self._target.script), self._target.header
        return replace(self._target, file=file, place=lambda _, line: Place(file, header + line))

    def is_kept(self, text: str) -> None:
        """The recipe has this text now, which was written into it from the work folder."""
        self._recipe = text

    @property
    def in_recipe(self) -> bool:
        """Whether the text read last is what the recipe had then."""
        return self.text == self._recipe

    def unread(self) -> str | None:
        """What `reload` would read, where it is another text than the one read last; None where nothing was edited.
        Raises what reading and choosing do in `reload`."""
        recipe = self._target.read() if self._target.read is not None else self._recipe
        work = self.read_work()
        if (recipe, work) == (self._recipe, self._work):
            return None
        return self._chosen(recipe, work, None)[0]

    def reload(self, running: str, stop: Stop, line: int | None, source: Source | None, extglob: bool) -> Reloaded:
        """Read the script again. running: the text that runs now; line: where to go on, else where it stands; source:
        which of the two texts, where both were edited; extglob: whether the shell has that option.

        Raises UsageError when both were edited in different ways, or nothing is left to run; RecipeError for a syntax
        error, and what reading the recipe raises. What was known before stays then.
        """
        work = self.read_work()
        recipe = self._recipe
        if source != "work" and self._target.read is not None:
            recipe = self._target.read()
        elif source == "recipe":
            raise UsageError(f"{self._target.name} is in no recipe", kind="not-here", hint="`reload --from work`")
        new, taken = self._chosen(recipe, work, source)
        self._check(running, new, taken, extglob)
        at = stop.top_line
        if line is not None:
            command = top_command_at(new, line)
            line = command.first if command is not None else None
        elif at is not None:
            line = resume_line(running, new, at)
        if line is None:
            raise UsageError(
                "nothing is left to run from here in the edited script",
                kind="not-here",
                hint="`reload LINE` names the line to go on with.",
            )
        self._check_jump(new, line, extglob)
        self._take(new, recipe, work, taken)
        diff = difference(running, new, self._target.name)
        functions, not_run = _above(running, new, line)
        where = "recipe" if new == recipe else taken
        return Reloaded(diff, line, new, functions, not_run, where if diff else "")

    def _chosen(self, recipe: str, work: str, source: Source | None) -> tuple[str, Source]:
        in_recipe, in_work = recipe != self._recipe, work != self._work
        if source == "work" or (source is None and in_work and not in_recipe):
            return work, "work"
        if source is None and in_work and recipe != work:
            raise UsageError(
                f"{self._target.name} and {self._in_work} were both edited, in different ways",
                kind="edited-twice",
                hint="`reload --from recipe` or `reload --from work` says which of them is to run.",
                details=difference(recipe, work, self._target.name).replace("(running)", "of the recipe"),
            )
        return (recipe, "recipe") if source == "recipe" or in_recipe else (self.text, "recipe")

    @property
    def _in_work(self) -> str:
        return f"{self._target.script.parent.name}/{self._target.script.name}"

    def read_work(self) -> str:
        """The text of the file that bash was started with, without our header."""
        try:
            rows = _read(self._target.script).split("\n")
        except FileNotFoundError:  # the script may have removed it
            return self._work
        if rows[: self._target.header] != self._header:
            raise UsageError(
                f"the first {self._target.header} lines of {self._in_work} were edited",
                kind="edit",
                place=Place(str(self._target.script), 1),
                why="They enter the build environment, and are no part of the script.",
                hint=f"Put them back: {' / '.join(row.strip() for row in self._header)}",
            )
        return "\n".join(rows[self._target.header :])

    def _take(self, new: str, recipe: str, work: str, taken: Source) -> None:
        self.text, self._recipe = new, recipe
        if taken == "recipe" and work == self._work and new != work and self._target.script.exists():
            self._write_work(new)
            work = new
        self._work = work

    def _write_work(self, text: str) -> None:
        """The file in the work folder follows the recipe, so that an edit of it later begins with what runs."""
        file = self._target.script
        partial = file.with_name(f".{file.name}.copy")
        try:
            whole = "\n".join([*self._header, text])
            partial.write_text(whole, encoding="utf-8", errors="surrogateescape", newline="\n")
            partial.chmod(file.stat().st_mode & 0o7777)
            partial.replace(file)
        except OSError as error:
            raise from_os_error(error, f"writing {file}") from error

    # -- syntax -----------------------------------------------------------------------------------------------------

    def _check(self, running: str, new: str, taken: Source, extglob: bool) -> None:
        found = _syntax_error(new, extglob)
        if found is None or _syntax_error(running, extglob) is not None:
            return
        line, why = found
        place = self._target.place(new, line) if taken == "recipe" else None
        raise RecipeError(
            f"bash cannot read the edited script: {why}",
            kind="syntax",
            place=place or Place(str(self._target.script), self._target.header + line),
            hint="The script stands where it stood: correct the line, then `reload`.",
        )

    def _check_jump(self, new: str, line: int, extglob: bool) -> None:
        appended = jump_to(new, line, flags="", edited=True).appended
        if _syntax_error(appended, extglob) is not None and _syntax_error(new, extglob) is None:
            raise UsageError(
                f"line {line} of the edited script is not the beginning of a command",
                kind="not-here",
                why="Where its commands begin cannot be told from its text.",
                hint="`reload LINE` names another line to go on with.",
            )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def _syntax_error(text: str, extglob: bool) -> tuple[int, str] | None:
    """(line, what bash says) of a text it cannot read."""
    argv = ["bash", *(["-O", "extglob"] if extglob else []), "-n", "/dev/stdin"]
    data = text.encode("utf-8", "surrogateescape")
    done = subprocess.run(argv, input=data, capture_output=True, check=False, env={"LC_ALL": "C"})
    said = done.stderr.decode("utf-8", "replace")
    # "warning: here-document ... delimited by end-of-file" is none
    for row in said.splitlines():
        found = re.match(r"/dev/stdin: line (\d+): (?!warning)(.*)", row)
        if found:
            return int(found[1]), found[2]
    return None


def _above(old: str, new: str, line: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """(functions, lines) changed above the line that is gone on with: the first count from now on, the second are not
    run."""
    before, after = old.split("\n"), new.split("\n")
    same = 0
    while same < min(len(before), len(after), line - 1) and before[same] == after[same]:
        same += 1
    if same == line - 1:
        return (), ()
    functions = {c.first: c for c in top_commands(new) if c.function and c.last < line}
    known = {c.text for c in top_commands(old)}
    inside = {n for c in functions.values() for n in range(c.first, c.last + 1)}
    changed: list[int] = []
    for tag, _, _, begin, end in difflib.SequenceMatcher(None, before, after).get_opcodes():
        if tag in ("insert", "replace"):
            changed += [n for n in range(begin + 1, min(end, line - 1) + 1) if n not in inside]
    not_run = tuple(n for n in changed if after[n - 1].strip() and not after[n - 1].lstrip().startswith("#"))
    return tuple(c.function for c in functions.values() if c.text not in known), not_run
