"""Lines of a script in a meta.yaml, as they are written there: where each stands, and an edit of them put in.

The script is known as it was rendered. Its lines are found in the text by what they say (through templates: by what
stands around these), so that selectors, comments, quotes and layout stay; what cannot be told is refused.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cbw_core.errors import Place, RecipeError
from cbw_core.recipe.editing import DataPath, Draft, Edited, places
from cbw_core.recipe.outline import Node, outline
from cbw_core.recipe.script_rows import Item, Row, items_of, scalar


@lru_cache(maxsize=16)
def script_places(text: str, path: DataPath, script: tuple[str, ...]) -> tuple[int | None, ...]:
    """For each line of a script the line (from 1) of the text it stands on; None where that cannot be told."""
    rows = max(_candidates(text, path, ""), key=lambda one: _matched(one.rows, script), default=None)
    if rows is None:
        return (None,) * len(script)
    return tuple(None if at is None else rows.rows[at].line + 1 for at in _aligned(rows.rows, script))


def edit_script(text: str, path: DataPath, old: Sequence[str], new: Sequence[str], *, file: str) -> Edited:
    """The text with the script at `path` (("build", "script"), ("outputs", "a", "build", "script", "content"), ...)
    changed from the lines `old`, which it renders to, to `new`.

    Raises RecipeError(kind="edit") where a changed line is made by a template or cannot be found.
    """
    found = max(_candidates(text, path, file), key=lambda one: _matched(one.rows, old), default=None)
    if found is None or not found.rows:
        raise RecipeError(
            f"the script cannot be found in {Path(file).name}",
            kind="edit",
            place=Place(file),
            why=f"It has no {'/'.join(map(str, path))} that a template did not make.",
            hint="Write the edit into the recipe by hand.",
        )
    return _Edit(found, _aligned(found.rows, old), old, new).done()


@dataclass(frozen=True)
class _Candidate:
    """A section that may hold the script, with the rows of it."""

    draft: Draft
    items: tuple[Item, ...]
    rows: tuple[Row, ...]


def _candidates(text: str, path: DataPath, file: str) -> Iterator[_Candidate]:
    lines = text.splitlines(keepends=True)
    root, depths = outline(lines)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    draft = Draft(lines, depths, end, file)
    keys = path[-2:] if path[-1] == "content" else path[-1:]
    for section, rest in places(draft, root, path[: -len(keys)]):
        if rest:
            continue
        nodes: list[Node] = [section]
        for key in keys:
            nodes = [child for node in nodes for child in node.keys(str(key))]
        items = tuple(item for node in nodes for item in items_of(draft, node))
        yield _Candidate(draft, items, tuple(row for item in items for row in item.rows))


def _matched(rows: Sequence[Row], script: Sequence[str]) -> int:
    return sum(at is not None for at in _aligned(rows, script))


def _aligned(rows: Sequence[Row], script: Sequence[str]) -> list[int | None]:
    """For each line of the script the row it comes from: the most that can be matched in order, plain ones first."""
    height, width = len(script), len(rows)
    best = [[0] * (width + 1) for _ in range(height + 1)]
    mark = [[0] * width for _ in range(height)]
    for i in range(height - 1, -1, -1):
        for j in range(width - 1, -1, -1):
            mark[i][j] = rows[j].likeness(script[i])
            taken = best[i + 1][j + 1] + mark[i][j] if mark[i][j] else 0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], taken)
    found: list[int | None] = []
    j = 0
    for i in range(height):
        while j < width and best[i][j] == best[i][j + 1]:
            j += 1
        if j < width and mark[i][j] and best[i][j] == best[i + 1][j + 1] + mark[i][j]:
            found.append(j)
            j += 1
        else:
            found.append(None)
    return found


class _Edit:
    """One edit: lines set, taken out and put in, each where the text has it."""

    def __init__(self, found: _Candidate, at: list[int | None], old: Sequence[str], new: Sequence[str]) -> None:
        self._found, self._draft, self._at, self._old, self._new = found, found.draft, at, old, new
        self._changed: dict[int, str | None] = {}  # line of the text -> what stands there; None: taken out
        self._before: dict[int, list[str]] = {}  # lines put in before a line of the text
        self._first: int | None = None

    def done(self) -> Edited:
        matcher = difflib.SequenceMatcher(None, self._old, self._new, autojunk=False)
        gone: set[int] = set()
        for tag, a, b, c, d in matcher.get_opcodes():
            if tag == "equal":
                continue
            pairs = min(b - a, d - c)
            for k in range(pairs):
                self._set(self._row(a + k), self._old[a + k], self._new[c + k])
            for k in range(a + pairs, b):
                gone.add(self._at_row(k))
            if c + pairs < d:
                self._put(a + pairs, list(self._new[c + pairs : d]))
        self._take_out(gone)
        lines: list[str] = []
        for number, line in enumerate([*self._draft.lines, ""]):
            lines += (put + self._draft.end for put in self._before.get(number, ()))
            kept = self._changed.get(number, line)
            if kept is not None:
                lines.append(kept)
        return Edited("".join(lines), (self._first or 0) + 1)

    # -- rows -------------------------------------------------------------------------------------------------------

    def _at_row(self, index: int) -> int:
        at = self._at[index]
        if at is None:
            raise self._refused(0, self._old[index], "A template or an anchor makes it.")
        return at

    def _row(self, index: int) -> Row:
        return self._found.rows[self._at_row(index)]

    def _item(self, row: Row) -> Item:
        return next(item for item in self._found.items if row in item.rows)

    def _set(self, row: Row, old: str, new: str) -> None:
        item, number = self._item(row), row.line
        if item.form == "flow":
            raise self._refused(number, old, "It stands in brackets, or is folded.")
        if row.is_plain and item.form != "block":
            line = self._draft.lines[number]
            head, tail = line[: row.column], line[row.column + row.length :]
            self._note(number, head + scalar(new, row.quote) + tail)
            return
        self._within(row, old, new)

    def _within(self, row: Row, old: str, new: str) -> None:
        """Change a part of a row that stands as it is in one line of the text."""
        begin = 0
        while begin < min(len(old), len(new)) and old[begin] == new[begin]:
            begin += 1
        rest = 0
        while rest < min(len(old), len(new)) - begin and old[-1 - rest] == new[-1 - rest]:
            rest += 1
        spot = row.spot(old, begin, len(old) - rest)
        if spot is None:
            why = "What was changed in it comes from a template, or goes over several lines."
            raise self._refused(row.line, old, why)
        number, column, length = spot
        put = new[begin : len(new) - rest]
        if row.quote == "'":
            put = put.replace("'", "''")
        elif row.quote == '"' and re.search(r'["\\]', put):
            raise self._refused(row.line, old, "It stands in double quotes, and the change has some, or backslashes.")
        line = self._changed.get(number) or self._draft.lines[number]
        self._note(number, line[:column] + put + line[column + length :])

    def _put(self, index: int, new: list[str]) -> None:
        """Put lines in before line `index` of the old script."""
        while index and self._at[index - 1] is None and not self._old[index - 1]:
            index, new = index - 1, ["", *new]  # the empty line that a block of text ends with
        behind = index - 1 if index else None
        row = self._row(index) if behind is None else self._row(behind)
        item = self._item(row)
        selector = self._selector(index)
        number = row.line if behind is None else row.last + 1
        if item.form == "block":
            rows = [f"{item.indent}{line}{selector}" if line.strip() else "" for line in new]
        elif item.form == "item":
            rows = [f"{item.lead}{scalar(line, '')}{selector}" for line in new]
        elif item.form == "single":
            self._make_list(item, row, new, before=behind is None)
            return
        else:
            raise self._refused(row.line, row.value, "Its list is written in brackets.")
        self._ended(number - 1)
        self._first = number if self._first is None else min(self._first, number)
        self._before.setdefault(number, []).extend(rows)

    def _make_list(self, item: Item, row: Row, new: list[str], *, before: bool) -> None:
        """`script: make` -> a list, with its selector on each line."""
        if row.last != row.line:
            raise self._refused(row.line, row.value, "It goes over several lines.")
        line = self._changed.get(row.line) or self._draft.lines[row.line]
        body = line.rstrip("\r\n")
        key, written = body[: row.column].rstrip(), body[row.column :]
        comment = (
            re.search(r"\s+#.*$", body[row.column + row.length :]) if line is self._draft.lines[row.line] else None
        )
        if comment is None:
            comment = re.search(r"\s+#\s*\[[^\]]*\]\s*$", written)
        tail = comment[0] if comment else ""
        mine = written[: len(written) - len(tail)] if tail else written
        fresh = [f"{item.lead}{scalar(one, '')}{tail}" for one in new]
        rows = [*fresh, f"{item.lead}{mine}{tail}"] if before else [f"{item.lead}{mine}{tail}", *fresh]
        self._note(row.line, "".join(one + self._draft.end for one in [f"{key}{tail}", *rows]))

    def _take_out(self, gone: set[int]) -> None:
        rows = self._found.rows
        if gone and len(gone) == len(rows) and not self._before:
            raise self._refused(rows[0].line, rows[0].value, "Nothing of the script would be left.")
        for item in self._found.items:
            mine = [row for row in item.rows if rows.index(row) in gone]
            if not mine:
                continue
            if item.form not in ("block", "item"):
                raise self._refused(mine[0].line, mine[0].value, "It is no line of its own in the recipe.")
            whole = len(mine) == len(item.rows) and not any(
                number in self._before for number in range(item.first + 1, item.last + 2)
            )
            if item.form == "item" or (whole and item.lead.strip() == "-"):
                numbers = range(item.first, item.last + 1)
            else:
                numbers = range(0)
                for row in mine:
                    self._note(row.line, None)
            for number in numbers:
                self._note(number, None)

    def _selector(self, index: int) -> str:
        """The selector that the rows around a place have in common; at either end that which all have."""
        inside = 0 < index < len(self._at)
        around = [at for at in (self._at[index - 1 : index + 1] if inside else self._at) if at is not None]
        found = {self._found.rows[at].selector for at in around}
        return found.pop() if len(found) == 1 else ""

    def _ended(self, number: int) -> None:
        """A last line without an end gets one before something is put behind it."""
        if 0 <= number < len(self._draft.lines) and not self._draft.lines[number].endswith(("\n", "\r")):
            line = self._changed.get(number) or self._draft.lines[number]
            self._changed[number] = line + self._draft.end

    def _note(self, number: int, line: str | None) -> None:
        self._changed[number] = line
        self._first = number if self._first is None else min(self._first, number)

    def _refused(self, number: int, line: str, why: str) -> RecipeError:
        lines = self._draft.lines
        place = Place(self._draft.file, number + 1, text=lines[number].strip()) if number else Place(self._draft.file)
        return RecipeError(
            f"the edit of `{line.strip()[:80]}` cannot be written into {Path(self._draft.file).name} by itself",
            kind="edit",
            place=place,
            why=why,
            hint="Write it into the recipe by hand.",
        )
