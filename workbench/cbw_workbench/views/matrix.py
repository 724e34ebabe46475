"""The matrix of a recipe: what to know first, its rows and what they build, its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cbw_core.inspect.words import unused_words
from cbw_workbench.views.places import folder_of, shown
from cbw_workbench.views.values import given_text, value_text

if TYPE_CHECKING:
    from cbw_core.inspect import Key, Row, VariantMatrix

_MOST_ROWS = 200


def matrix_view(matrix: VariantMatrix) -> RenderableType:
    parts: list[RenderableType] = [_title(matrix)]
    below = folder_of(matrix.recipe) + "/"
    parts += [Text.assemble(("! ", "bold yellow"), (remark.replace(below, ""), "yellow")) for remark in matrix.remarks]
    parts += [Text(""), _rows(matrix)]
    if len(matrix.rows) > _MOST_ROWS:
        parts.append(Text(f"… and {len(matrix.rows) - _MOST_ROWS} more rows (--json has all)", style="dim"))
    shown_keys, defaults = _parted(matrix)
    if shown_keys:
        parts += [Text(""), _keys(shown_keys, folder_of(matrix.recipe))]
    if defaults:
        parts.append(Text(f"defaults that nothing uses: {', '.join(defaults)}", style="dim"))
    return Group(*parts)


def _title(matrix: VariantMatrix) -> Text:
    count, made = len(matrix.rows), len(matrix.outputs)
    text = Text.assemble((f"{count} variant{'' if count == 1 else 's'}", "bold"))
    if matrix.axes:
        axes = [f"{size} {'+'.join(group)}{' (zipped)' if len(group) > 1 else ''}" for group, size in matrix.axes]
        text.append(f" ({' x '.join(axes)})")
    text.append(f" build {made} package{'' if made == 1 else 's'}", style="bold")
    return text.append(f"  {matrix.recipe}", style="dim")


def _rows(matrix: VariantMatrix) -> Table:
    """One line a variant; columns of keys that are zipped stand side by side, headed alike."""
    unused = {key.name for key in matrix.keys if not key.used}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("#", justify="right")
    for number, (group, _) in enumerate(matrix.axes, 1):
        for name in group:
            mark = f"\nzip {number}" if len(group) > 1 else ""
            table.add_column(Text(name + mark, style="dim" if name not in unused else "dim strike"), overflow="fold")
    table.add_column("builds", overflow="fold")
    for row in matrix.rows[:_MOST_ROWS]:
        values = [
            Text(value_text(row.values.get(name)), style="dim" if name in unused else "")
            for group, _ in matrix.axes
            for name in group
        ]
        table.add_row(str(row.number), *values, _builds(row, folder_of(matrix.recipe)))
    return table


def _builds(row: Row, folder: str) -> Text:
    text = Text()
    if row.like is not None:
        text.append(f"the same as {row.like}", style="yellow")
    else:
        text.append("\n".join(row.builds), style="green")
    for skipped in row.skipped:
        text.append(("\n" if text else "") + f"skipped {skipped.replace(folder + '/', '')}", style="dim")
    return text.append(row.nothing, style="yellow")


def _parted(matrix: VariantMatrix) -> tuple[list[Key], list[str]]:
    """Keys worth a line, and the names of unused defaults, about which there is nothing to say."""
    quiet = [
        k.name
        for k in matrix.keys
        if not k.used and k.by is not None and k.by.kind == "default" and (not k.unused or k.unused.why == "not named")
    ]
    return [k for k in matrix.keys if k.name not in quiet], quiet


def _keys(keys: list[Key], folder: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("key", "values", "from", "used by"):
        table.add_column(column, overflow="fold")
    for key in sorted(keys, key=lambda k: not k.used):
        came = given_text(key.by, folder) if key.by else Text("")
        for given in key.narrowed:
            came.append(", narrowed by ").append_text(given_text(given, folder))
        if key.zipped:
            came.append(f", zipped with {', '.join(key.zipped)}", style="dim")
        table.add_row(Text(key.name, style="bold"), ", ".join(map(value_text, key.values)), came, _used(key, folder))
    return table


def _used(key: Key, folder: str) -> Text:
    if key.used:
        return Text(", ".join(key.used_by), style="green")
    if key.unused is None:
        return Text("nothing", style="yellow")
    place = shown(key.unused.place, folder)
    return Text.assemble(("nothing: ", "yellow"), unused_words(key.unused), (f"  {place}" if place else "", "dim"))
