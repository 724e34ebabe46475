"""What makes a hash, as a tree: the build string, the used variables with their origins, and of two what differs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from cbw_core.inspect.words import unused_words, use_words
from cbw_workbench.tui.answers.node import Node
from cbw_workbench.views.places import folder_of, shown
from cbw_workbench.views.values import given_text, value_text

if TYPE_CHECKING:
    from cbw_core.errors import Place
    from cbw_core.inspect import Comparison, Difference, HashInputs, Variable
    from cbw_core.render import Use
    from cbw_workbench.commands.results import HashReport

_FAR = ("not named", "setting", "other output")  # keys that have nothing to do with the output


def nodes(report: HashReport, selected: str = "") -> tuple[Node, ...]:
    """A node for each output, the selected one (by its dist) first; of two subjects what differs comes before."""
    compared = tuple(_comparison(one) for one in report.comparisons)
    left_over = tuple(Node(Text(f"no counterpart: {name}", "yellow")) for name in report.unmatched)
    inputs = sorted(report.inputs, key=lambda one: one.dist != selected)
    return (*compared, *left_over, *(_output(one, opened=not compared and not n) for n, one in enumerate(inputs)))


def _output(inputs: HashInputs, *, opened: bool) -> Node:
    folder = folder_of(inputs.subject)
    label = Text.assemble((inputs.dist, "bold"), (f"  {inputs.subdir}  {inputs.kind}", "dim"))
    children = [Node(Text.assemble(("! ", "bold yellow"), (remark, "yellow"))) for remark in inputs.remarks]
    if inputs.canonical:
        text = Text.assemble(("hash ", "cyan"), (inputs.hash, "bold"), (" of ", "dim"), inputs.canonical)
        children.append(Node(text))
    parts = tuple(Node(Text.assemble((f"{part.text:<9} ", "bold"), part.why), part.place) for part in inputs.parts)
    children.append(Node(Text("build string", "cyan"), None, parts))
    used = [_variable(variable, folder) for variable in inputs.variables]
    used += [
        Node(Text.assemble((one.spec, "bold"), ("  hashed", "green"), (f"  {one.brought_by}", "dim")), one.place)
        for one in inputs.virtual
    ]
    if used:
        children.append(Node(Text("used variables", "cyan"), None, tuple(used), opened=True))
    near = [one for one in inputs.unused if one.why not in _FAR]
    if near:
        rows = tuple(Node(Text.assemble(one.name, (f"  {unused_words(one)}", "dim")), one.place) for one in near)
        children.append(Node(Text("not used", "cyan"), None, rows))
    return Node(label, None, tuple(children), opened=opened)


def _variable(variable: Variable, folder: str) -> Node:
    state, style = ("hashed", "green") if variable.hashed else (f"not hashed: {variable.not_hashed}", "yellow")
    label = Text.assemble((variable.name, "bold"), f" = {value_text(variable.value)}  ", (state, style))
    rows: list[Node] = []
    if variable.by:
        choices = f"  of {', '.join(map(value_text, variable.by.values))}" if len(variable.by.values) > 1 else ""
        zipped = f"  zipped with {', '.join(variable.zipped)}" if variable.zipped else ""
        text = Text.assemble(("value      ", "dim"), given_text(variable.by, folder), (choices + zipped, "dim"))
        rows.append(Node(text, variable.by.place))
    for word, givens in (("narrowed   ", variable.narrowed), ("instead of ", variable.overridden)):
        rows += [
            Node(Text.assemble((word, "dim"), given_text(given, folder)), given.place)
            for given in givens
            if given.kind != "default"
        ]
    rows += [_use(use, folder) for use in variable.uses]
    place = variable.uses[0].place if variable.uses else variable.by.place if variable.by else None
    return Node(label, place, tuple(rows))


def _use(use: Use, folder: str) -> Node:
    text = Text.assemble(("used       ", "dim"), shown(use.place, folder), "  ", use_words(use))
    if use.place and use.place.text:
        text.append(f"   {use.place.text.strip()}", style="dim")
    return Node(text, use.place)


def _comparison(one: Comparison) -> Node:
    same = one.same_hash
    label = Text.assemble(("= " if same else "≠ ", "bold green" if same else "bold red"), (one.verdict, "bold"))
    rows = (Node(Text.assemble(("left   ", "dim"), one.left.dist, (f"  {one.left.subject}", "dim"))),
            Node(Text.assemble(("right  ", "dim"), one.right.dist, (f"  {one.right.subject}", "dim"))))  # fmt: skip
    return Node(label, None, (*rows, *map(_difference, one.differences)), opened=True)


def _difference(one: Difference) -> Node:
    label = Text.assemble(
        (f"{one.what} ", "dim"), (one.name, "bold"),
        ("  changes the hash" if one.hashed else "  not hashed", "red" if one.hashed else "dim"),
    )  # fmt: skip
    sides = (("left ", one.left, one.left_why), ("right", one.right, one.right_why))
    rows = [node for side, value, why in sides for node in _side(side, value, why)]
    return Node(label, next((row.place for row in rows if row.place), None), tuple(rows), opened=True)


def _side(side: str, value: object, why: Iterable[tuple[str, Place | None]]) -> list[Node]:
    text = "none" if value is None else value_text(value)
    rows = [Node(Text.assemble((f"{side}  ", "dim"), (text, "bold")))]
    rows += [Node(Text.assemble("       ", words, (f"  {shown(place)}", "dim")), place) for words, place in why]
    if len(rows) == 2 and rows[1].place:  # one reason: on the line of the value
        return [Node(Text.assemble(rows[0].label, "  ", rows[1].label.plain.strip()), rows[1].place)]
    return rows
