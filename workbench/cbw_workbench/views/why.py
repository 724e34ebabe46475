"""Why an output is as it is: hash inputs, build string and dependencies as trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cbw_core.inspect.words import unused_words, use_words
from cbw_workbench.views.places import folder_of, shown
from cbw_workbench.views.values import given_text, value_text

if TYPE_CHECKING:
    from cbw_core.inspect import Dependencies, Dependency, Explained, HashInputs, Origin, Variable
    from cbw_core.render import Exported, Use
    from cbw_workbench.commands.results import HashReport, RenderedRecipe

Row = tuple[str | Text, ...]


def hash_report(report: HashReport) -> RenderableType:
    if report.compared:
        from cbw_workbench.views.compared import comparisons

        return comparisons(report)
    return Group(*_apart([hash_tree(inputs) for inputs in report.inputs]))


def explained_recipe(recipe: RenderedRecipe) -> RenderableType:
    """A recipe's outputs, each with its hash inputs and what brought its dependencies; then what is skipped."""
    parts: list[RenderableType] = [explained_tree(one) for one in recipe.explained]
    for row in recipe.skipped:
        parts.append(Text(f"skipped {row['name']}: {row['why']}", style="dim"))
    parts += [Text(f"warning: {warning}", style="yellow") for warning in recipe.warnings]
    return Group(*_apart(parts)) if parts else Text(f"{recipe.recipe}: no outputs")


def explained_tree(explained: Explained) -> Tree:
    tree = hash_tree(explained.inputs)
    folder = folder_of(explained.inputs.subject)
    dependencies = explained.dependencies
    for name, listed in (("run", dependencies.run), ("run_constrained", dependencies.run_constrained)):
        if listed:
            _add_dependencies(tree.add(_head(name)), listed, folder)
    if dependencies.ignored:
        branch = tree.add(_head("run_exports ignored"))
        branch.add(_grid([_ignored(export, folder) for export in dependencies.ignored]))
    if dependencies.unused:
        branch = tree.add(_head("run_exports that do not reach it"))
        branch.add(_grid([_export(export) for export in dependencies.unused]))
    if not dependencies.final:
        tree.add(Text(_not_final(dependencies), style="yellow"))
    return tree


def _not_final(dependencies: Dependencies) -> str:
    return "environments are not solved: run_exports and pins on what they hold are not in this"


def hash_tree(inputs: HashInputs) -> Tree:
    """The output's name; what is remarkable; what is hashed; the build string; each variable."""
    folder = folder_of(inputs.subject)
    label = Text.assemble((inputs.dist, "bold green"), (f"  {inputs.subdir}", "dim"), (f"  {inputs.subject}", "dim"))
    tree = Tree(label, guide_style="dim")
    for remark in inputs.remarks:
        tree.add(Text.assemble(("! ", "bold yellow"), (remark, "yellow")))
    if inputs.canonical:
        digits = len(inputs.hash) - 1
        sha1 = Text.assemble((inputs.sha1[:digits], "bold"), (inputs.sha1[digits:], "dim"))
        line = Text.assemble(("hash ", "cyan"), (inputs.hash, "bold"), " = h + sha1 ", sha1, f" of {inputs.canonical}")
        tree.add(line)
    parts: list[Row] = [(Text(p.text, style="bold"), p.why, shown(p.place, folder)) for p in inputs.parts]
    tree.add(_head("build string")).add(_grid(parts))
    if inputs.variables or inputs.virtual:
        branch = tree.add(_head("used variables"))
        for variable in inputs.variables:
            _add_variable(branch, variable, folder)
        for virtual in inputs.virtual:
            why = virtual.brought_by or (f"run requirement {shown(virtual.place, folder)}" if virtual.place else "")
            branch.add(Text.assemble((virtual.spec, "bold"), "  hashed  ", (why, "dim")))
    near = [u for u in inputs.unused if u.why not in ("not named", "setting", "other output")]
    if near:
        rows: list[Row] = [(u.name, unused_words(u), shown(u.place, folder)) for u in near]
        tree.add(_head("not used")).add(_grid(rows))
    return tree


def _add_variable(branch: Tree, variable: Variable, folder: str) -> None:
    state = "hashed" if variable.hashed else f"not hashed: {variable.not_hashed}"
    if variable.shown and not variable.hashed:
        state += f" ({variable.shown})"
    style = "green" if variable.hashed else "yellow"
    node = branch.add(Text.assemble((variable.name, "bold"), f" = {value_text(variable.value)}  ", (state, style)))
    rows: list[Row] = []
    if variable.by:
        rows.append(("value", given_text(variable.by, folder), _choices(variable)))
    rows += [("narrowed", given_text(given, folder), "") for given in variable.narrowed]
    rows += [
        ("instead of", given_text(given, folder), ", ".join(map(value_text, given.values)))
        for given in variable.overridden
        if given.kind != "default"
    ]
    rows += [("used" if not n else "", *_use(use, folder)) for n, use in enumerate(variable.uses)]
    if rows:
        node.add(_grid(rows, dim=0))


def _use(use: Use, folder: str) -> tuple[Text, Text]:
    where = Text(shown(use.place, folder))
    text = Text(use_words(use))
    if use.section:
        text.append(f" in {use.section}", style="dim")
    if use.place and use.place.text:
        text.append(f"   {use.place.text}", style="dim")
    return where, text


def _choices(variable: Variable) -> str:
    by = variable.by
    parts = []
    if by and len(by.values) > 1:
        parts.append(f"of {', '.join(map(value_text, by.values))}")
    if variable.zipped:
        parts.append(f"zipped with {', '.join(variable.zipped)}")
    return "; ".join(parts)


def _add_dependencies(branch: Tree, listed: Sequence[Dependency], folder: str) -> None:
    rows: list[Row] = []
    for dependency in listed:
        for number, origin in enumerate(dependency.origins):
            spec = Text(dependency.spec if not number else "", style="bold")
            rows.append((spec, *_origin(origin, dependency.spec, folder)))
    branch.add(_grid(rows))


def _origin(origin: Origin, spec: str, folder: str) -> tuple[Text, Text]:
    """What brought a dependency: where, and how."""
    if origin.how == "run_exports":
        where = Text(f"run_exports of {origin.package}")
        how = Text(f"{origin.kind}, in {origin.env}")
    else:
        where = Text(shown(origin.place, folder) or origin.how)
        how = Text(f"{origin.how}()" if origin.how.startswith(("pin_", "resolved_")) else "")
        if origin.place and origin.place.text:
            how.append(f"{'   ' if how else ''}{origin.place.text}", style="dim")
    if origin.pin:
        how.append(f"   pinned by {origin.pin.how}")
        if origin.pin.by:
            how.append(" (").append_text(given_text(origin.pin.by, folder)).append(")")
        how.append(f" to {origin.pin.version}, which it is built with")
    elif origin.spec.split() != spec.split() and origin.how == "run_exports":
        how.append(f"   {origin.spec}", style="dim")
    return where, how


def _export(export: Exported) -> Row:
    return (Text(export.spec, style="bold"), f"run_exports of {export.package}", f"{export.kind}, in {export.env}")


def _ignored(export: Exported, folder: str) -> Row:
    return (*_export(export), f"{export.ignored}: {export.by}", shown(export.place, folder))


def _head(text: str) -> Text:
    return Text(text, style="cyan")


def _grid(rows: Sequence[Row], dim: int | None = None) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for number in range(max((len(row) for row in rows), default=0)):
        table.add_column(style="dim" if number == dim else "", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _apart(parts: Sequence[RenderableType]) -> list[RenderableType]:
    """With an empty line between them."""
    found: list[RenderableType] = []
    for part in parts:
        found += [Text(""), part] if found else [part]
    return found
