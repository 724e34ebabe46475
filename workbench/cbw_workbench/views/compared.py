"""Two outputs held against each other: the verdict first, then each difference with the lines that make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cbw_workbench.views.places import folder_of, shown
from cbw_workbench.views.values import value_text

if TYPE_CHECKING:
    from cbw_core.errors import Place
    from cbw_core.inspect import Comparison, Difference, HashInputs
    from cbw_workbench.commands.results import HashReport


def comparisons(report: HashReport) -> RenderableType:
    parts: list[RenderableType] = []
    for comparison in report.comparisons:
        parts += [Text(""), comparison_tree(comparison)] if parts else [comparison_tree(comparison)]
    for dist in report.unmatched:
        parts.append(Text(f"no counterpart: {dist}", style="yellow"))
    return Group(*parts)


def comparison_tree(comparison: Comparison) -> Tree:
    style = "bold green" if comparison.same_hash else "bold red"
    tree = Tree(Text(comparison.verdict, style=style), guide_style="dim")
    tree.add(_sides(comparison.left, comparison.right))
    for difference in comparison.differences:
        branch = tree.add(_difference(difference))
        table = _table()
        for side, inputs, why in (
            ("left", comparison.left, difference.left_why),
            ("right", comparison.right, difference.right_why),
        ):
            for number, reason in enumerate(why):
                table.add_row(Text("" if number else side, style="dim"), *_reason(reason, inputs))
        if table.row_count:
            branch.add(table)
    for side, inputs in (("left", comparison.left), ("right", comparison.right)):
        for remark in inputs.remarks:
            tree.add(Text.assemble(("! ", "bold yellow"), (f"{side}: {remark}", "yellow")))
    return tree


def _sides(left: HashInputs, right: HashInputs) -> Table:
    table = _table()
    for side, inputs in (("left", left), ("right", right)):
        table.add_row(Text(side, style="dim"), Text(inputs.dist, style="bold"), inputs.subject)
        table.add_row("", Text(inputs.canonical or "nothing hashed", style="dim"), "")
    return table


def _difference(difference: Difference) -> Text:
    sides = (difference.left, difference.right)
    values = [Text("not there" if value is None else value_text(value)) for value in sides]
    name = difference.name or difference.what
    text = Text.assemble((name, "bold"), "  ", values[0], (" | ", "dim"), values[1])
    if difference.what == "variable" and not difference.hashed:
        text.append("  not hashed", style="yellow")
    return text


def _reason(reason: tuple[str, Place | None], inputs: HashInputs) -> tuple[Text, Text]:
    words, place = reason
    where = shown(place, folder_of(inputs.subject))
    said = Text(words)
    if place and place.text:
        said.append(f"   {place.text}", style="dim")
    return Text(where), said


def _table() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(overflow="fold")
    return table
