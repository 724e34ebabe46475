"""Edits of work/conda_build.sh, as people make who run it by hand or in the debugger, written into the recipe."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core import build
from cbw_core.build import Script
from cbw_core.errors import Place, RecipeError, UsageError
from cbw_core.events import Sink, silent
from cbw_core.process import Cancel
from cbw_core.recipe import Edited, read_exactly, write_exactly
from cbw_core.render.output import Output
from cbw_core.session import rendering
from cbw_core.session.changes import edited_runs, edits
from cbw_core.session.changes.recipe_edit import rendered_with
from cbw_core.session.disk import jsonfile
from cbw_core.session.folder import SessionFolder
from cbw_core.session.model import Phase

if TYPE_CHECKING:
    from cbw_core.trace import Debugger


@dataclass(frozen=True)
class ScriptKept:
    """file: of the recipe. diff: what was written there (or would be), unified; "" where the recipe has it already.
    ran: the last build ran with this very text."""

    file: str
    diff: str
    written: bool = True
    ran: bool = False


def keep_script(
    session: SessionFolder,
    *,
    debugger: Debugger | None = None,
    try_only: bool = False,
    sink: Sink = silent,
    cancel: Cancel | None = None,
) -> ScriptKept:
    """Write what was edited in work/conda_build.sh into the recipe: its script, or the lines of meta.yaml.

    debugger: where the session's build stands. try_only: write nothing. Every other byte of the recipe stays, and an
    edit of meta.yaml is taken only if the recipe renders to the edited script with it and to nothing else than before.
    Raises UsageError where nothing was edited, RecipeError(kind="edit") where the recipe has changed meanwhile, or a
    line cannot be written by itself.
    """
    run = debugger.run if debugger is not None and debugger.stop is not None else None
    if run is not None and run.target.phase == Phase.BUILD and run.target.script == session.layout.build_file:
        old, new = run.editing.recipe, run.editing.read_work()
        made = _kept(session, old, new, try_only, sink, cancel or Cancel())
        if not try_only:
            run.editing.is_kept(new)
        return made
    if run is not None and run.target.phase == Phase.TEST:
        raise UsageError(
            "edits of a test script are not written into the recipe by cbw",
            kind="edit",
            hint="Edit run_test.sh, or `test/commands`, in the recipe; `reload` takes them from there.",
        )
    with session.working():
        old, new = _texts(session)
        made = _kept(session, old, new, try_only, sink, cancel or Cancel())
        if not try_only:
            edited_runs.write_base(session.kept, new, _base(session)["header"])
            edits.is_ours(session.kept, session.layout.build_file.name)
            ran = edited_runs.is_kept(session, Phase.BUILD, new)
            if ran:  # what was built is what the recipe says now
                script, record = build.script_of(session.output), session.ledger[Phase.BUILD]
                digest = build.script_digest(script and replace(script, text=new))
                session.record(Phase.BUILD, inputs={**record.inputs, "build script": digest})
            return ScriptKept(made.file, made.diff, made.written, ran)
    return made


def _base(session: SessionFolder) -> dict[str, Any]:
    base = jsonfile.read(session.kept.script)
    if base is None:
        raise UsageError(
            "there is no work/conda_build.sh of the recipe's own bash script",
            kind="edit",
            hint="`cbw run env` writes it where the recipe has one. Scripts in other languages are edited there.",
        )
    return dict(base)


def _texts(session: SessionFolder) -> tuple[str, str]:
    """(the script as the recipe had it, as the work folder has it)."""
    base, file = _base(session), session.layout.build_file
    if not file.is_file():
        raise UsageError(f"{file} is gone", kind="edit", hint="`cbw rewind build` writes it again.")
    rows = file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    text = "\n".join(rows[base["header"] :])
    ours = build.header(session.layout).split("\n")[: base["header"]]
    if rows[: base["header"]] != ours:
        raise UsageError(
            f"the first {base['header']} lines of work/conda_build.sh were edited",
            kind="edit",
            place=Place(str(file), 1),
            why="They enter the build environment, and are no part of the recipe's script.",
            hint=f"Put them back: {' / '.join(row.strip() for row in ours)}",
        )
    return base["text"], text


def _kept(session: SessionFolder, old: str, new: str, try_only: bool, sink: Sink, cancel: Cancel) -> ScriptKept:
    if session.is_package:
        raise UsageError("the session of a package has no recipe to write into", kind="edit")
    if old == new:
        raise UsageError(
            "work/conda_build.sh is as the recipe has it: there is nothing to keep",
            kind="edit",
            hint="`edit --work` at a stop, or any editor, changes it.",
        )
    script = build.script_of(session.output)
    if script is None or not script.is_bash or script.file is None:
        raise UsageError(f"{session.output.name} has no bash script in the recipe to write into", kind="edit")
    writer = _File(script) if script.text_is_file else _Lines(session, script, sink, cancel)
    file = Path(script.file)
    if writer.now.rstrip("\n") == new.rstrip("\n"):
        return ScriptKept(script.file, "", written=False)
    if writer.now.rstrip("\n") != old.rstrip("\n"):
        raise RecipeError(
            f"{script.name} has changed since conda_build.sh was written from it",
            kind="edit",
            place=script.place(1),
            why="Two edits of one text are not put together by guess.",
            hint="Work your edit in by hand; at a stop, `reload --from recipe` takes the recipe's.",
            details=_diff(old, writer.now, file.name),
        )
    before = read_exactly(file)
    after = writer.edited(before, old, new)
    if not try_only:
        write_exactly(file, after)
    return ScriptKept(script.file, _diff(before, after, file.name), written=not try_only)


class _File:
    """A script of the recipe: its lines, each with the end it had."""

    def __init__(self, script: Script) -> None:
        self.now = script.text

    def edited(self, before: str, old: str, new: str) -> str:
        exact = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", before)
        ends = [re.search(r"[\r\n]*\Z", line) for line in exact]
        end = ends[0][0] if ends and ends[0] is not None and ends[0][0] else "\n"
        olds, news = old.splitlines(keepends=True), new.splitlines(keepends=True)
        if len(olds) != len(exact):  # form feeds and their like part lines for splitlines alone
            olds, news = _rows(old), _rows(new)
        found: list[str] = []
        for tag, a, b, c, d in difflib.SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
            found += exact[a:b] if tag == "equal" else [line.replace("\n", end) for line in news[c:d]]
        return "".join(found)


def _rows(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


class _Lines:
    """Lines of meta.yaml."""

    def __init__(self, session: SessionFolder, script: Script, sink: Sink, cancel: Cancel) -> None:
        self._script, self._mine = script, session.output
        self._config, self._cancel = session.config.with_render(finalize=False), cancel
        self._environ = session.environ
        recipe = Path(session.output.recipe_file)
        fresh = rendering.render(recipe, self._config, sink=silent, cancel=cancel, environ=self._environ)
        self._fresh, self._before = fresh, fresh.all
        found = build.script_of(rendering.again(fresh, session.output))
        self.now = found.text if found is not None else ""

    def edited(self, before: str, old: str, new: str) -> str:
        from cbw_core.recipe.script_lines import edit_script

        file = Path(self._script.file or "")
        failure: RecipeError | None = None
        for keys in self._script.keys:
            try:
                edit = edit_script(before, keys, _lines(old), _lines(new), file=str(file))
            except RecipeError as error:
                failure = failure or error
                continue
            if self._holds(file, edit, old, new):
                return edit.text
        raise failure or RecipeError(
            f"the edit cannot be written into {file.name} by itself",
            kind="edit",
            place=Place(str(file), self._script.first_line or None),
            why="No place in its text leads to a recipe that differs in this script alone.",
            hint="Write it into the recipe by hand.",
        )

    def _holds(self, file: Path, edit: Edited, old: str, new: str) -> bool:
        """Whether the recipe renders to the new script with this edit, and else to what it did."""
        after = rendered_with(file, edit, self._config, self._cancel, self._environ)
        if after is None or len(after) != len(self._before):
            return False
        mine = rendering.nearest(self._fresh, self._mine)
        for was, now in zip(self._before, after, strict=True):
            if (was.name, was.variant, _others(was)) != (now.name, now.variant, _others(now)):
                return False
            text, fresh = _text(was), _text(now)
            if was is mine and (fresh or "").rstrip("\n") != new.rstrip("\n"):
                return False
            # the same lines may be those of other outputs, and in other variants say something else
            if text != fresh and text != old and was.name != self._mine.name:
                return False
        return True


def _others(output: Output) -> dict[str, Any]:
    """An output's sections without its script."""
    meta = {key: value for key, value in output.meta.items() if key != "outputs"}
    section = meta.get("build")
    if isinstance(section, dict):
        meta["build"] = {key: value for key, value in section.items() if key != "script"}
    return {key: value for key, value in meta.items() if key != "script"}


def _text(output: Output) -> str | None:
    script = build.script_of(output)
    return None if script is None else script.text


def _lines(text: str) -> Sequence[str]:
    return text.removesuffix("\n").split("\n") if text.strip() else []


def _diff(before: str, after: str, name: str) -> str:
    rows = difflib.unified_diff(before.splitlines(), after.splitlines(), name, f"{name} (edited)", lineterm="")
    return "\n".join(rows)
