"""Environments and the cache they come from, as tables and trees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cbw_workbench.views.places import shown
from cbw_workbench.views.states import size_text

if TYPE_CHECKING:
    from cbw_core.build import Variable
    from cbw_core.errors import Place
    from cbw_core.inspect import Asked, EnvDiff, Environment, EnvPackage, Why
    from cbw_workbench.commands.results import CacheReport, EnvChanged, EnvVariables

_PROBLEMS = 10  # shown of one package


def cache_view(report: CacheReport) -> RenderableType:
    """The packages with their sizes; those that are damaged with what is wrong, last, where a person looks first."""
    if not report.packages:
        return Text(f"no packages in {report.folder}")
    table = _table("package", "files", "size")
    for package in report.packages:
        if not package.problems:
            table.add_row(package.dist, str(package.files), size_text(package.size))
    total = sum(package.size for package in report.packages)
    parts: list[RenderableType] = [table] if table.rows else []
    for package in report.damaged:
        parts.append(Text.assemble(("damaged ", "bold red"), (package.dist, "bold"), f"  {package.path}"))
        parts += [Text(f"  {problem}") for problem in package.problems[:_PROBLEMS]]
        if len(package.problems) > _PROBLEMS:
            parts.append(Text(f"  and {len(package.problems) - _PROBLEMS} more", style="dim"))
    count = len(report.packages)
    words = f"{count} package{'s' if count != 1 else ''}, {size_text(total)}, in {report.folder}: "
    verdict = (
        Text(f"{len(report.damaged)} damaged (cbw purge --damaged removes them)", style="red")
        if report.damaged
        else Text("all as their packages say", style="green")
    )
    return Group(*parts, Text(words).append_text(verdict))


def environment_view(env: Environment) -> RenderableType:
    """A row a package: version, build, channel, size, and what brought it."""
    title = Text.assemble((env.name, "bold"), f" of {env.subject}: {_count(len(env.packages))}", (_state(env), "dim"))
    parts: list[RenderableType] = [title]
    parts += [Text.assemble(("! ", "bold yellow"), (remark, "yellow")) for remark in env.remarks]
    if env.packages:
        table = _table("package", "version", "build", "channel", "size", "because of")
        for package in env.packages:
            name = Text(package.name, style="bold" if package.asked else "")
            size = "" if package.size is None else size_text(package.size)
            table.add_row(name, package.version, package.build, channel_name(package.channel), size, _because(package))
        parts.append(table)
    for package in env.packages:
        parts += [
            Text.assemble((f"{row.what} in place ", "yellow"), f"{row.path} of {package.dist}")
            for row in package.edited
        ]
    return Group(*parts)


def _count(number: int) -> str:
    return f"{number} package{'' if number == 1 else 's'}"


def _state(env: Environment) -> str:
    if env.state != "installed":
        return "  solved, not installed"
    return "  " + re.sub(r"(_placehold)+[a-z_]*$", "_placehold…", env.prefix)


def channel_name(url: str) -> str:
    """A channel as people call it: the last part of its address (or two, for a label)."""
    parts = url.rstrip("/").split("/")
    if "host-channel" in parts[-2:]:
        return "host"
    return "/".join(parts[-3:]) if len(parts) > 3 and parts[-2] == "label" else parts[-1]


def _because(package: EnvPackage) -> Text:
    if package.asked:
        return _asked(package.asked[0], brief=True)
    owners = list(dict.fromkeys(needed.dist.rsplit("-", 2)[0] for needed in package.needed_by))
    if not owners:
        return Text("nothing asks for it", style="dim")
    more = f" and {len(owners) - 3} more" if len(owners) > 3 else ""
    return Text(f"needed by {', '.join(owners[:3])}{more}", style="dim")


def _asked(asked: Asked, *, brief: bool = False) -> Text:
    spec = Text(asked.spec, style="bold")
    if asked.how == "recipe":
        return Text.assemble(spec, "  ", _line(asked.place, brief=brief) or "the recipe")
    how = {
        "run_exports": f"run_exports of {asked.by}",
        "env add": "cbw env add",
        "tested": "the package under test",
        "lock": f"cbw env use {asked.by}",
    }[asked.how]
    return Text.assemble(spec, f"  {how}  ", "" if brief else _line(asked.place))


def _line(place: Place | None, *, brief: bool = False) -> Text:
    """A line of the recipe: where, and what it says."""
    if place is None:
        return Text("")
    where = shown(place, str(Path(place.file).parent))
    return Text.assemble(where, ("" if brief else f"   {place.text or ''}", "dim"))


def why_view(found: Why) -> RenderableType:
    """The ways from the recipe's lines down to a package, each a branch."""
    package = found.package
    label = Text.assemble(
        (package.dist, "bold"), f"  in {found.environment} of {found.subject}", (f"  {package.channel}", "dim")
    )
    tree = Tree(label, guide_style="dim")
    for chain in found.chains:
        branch = tree.add(_asked(chain.asked))
        for step in chain.steps:
            needs = f"  needs {step.spec}" if step.spec else ""
            branch = branch.add(Text.assemble((step.dist, "" if step.spec else "bold green"), (needs, "dim")))
    if not found.chains:
        tree.add(Text("nothing that the recipe asks for leads to it", style="yellow"))
    if package.limited_by:
        branch = tree.add(Text("limited by", style="cyan"))
        for limit in package.limited_by:
            branch.add(Text.assemble(limit.dist, (f"  constrains it to {limit.spec}", "dim")))
    return tree


def env_diff_view(diff: EnvDiff) -> RenderableType:
    """A row for each package that is not alike."""
    head = Text(f"left   {diff.left}\nright  {diff.right}")
    if not diff.changes:
        return Group(head, Text(f"the same {_count(diff.alike)}", style="green"))
    return Group(head, changes_table(diff), Text(f"{_count(diff.alike)} alike", style="dim"))


def changes_table(diff: EnvDiff) -> Table:
    table = _table("", "package", diff.left.partition(" ")[0] or "left", diff.right.partition(" ")[0] or "right", "")
    marks = {"added": ("+", "green"), "removed": ("-", "red")}
    for change in diff.changes:
        mark, style = marks.get(change.what, ("~", "yellow"))
        what = "" if change.what in marks else change.what
        table.add_row(
            Text(mark, style=style), change.name, _version(change.left, what), _version(change.right, what), what
        )
    return table


def _version(package: EnvPackage | None, what: str) -> str:
    if package is None:
        return ""
    text = f"{package.version} {package.build}"
    return f"{text} {channel_name(package.channel)}" if what == "channel" else text


def changed_view(value: EnvChanged) -> RenderableType:
    """What a change made of an environment, and where the recipe has it."""
    parts: list[RenderableType] = [Text(f"{value.environment}: {value.change}")]
    if value.difference.changes:
        parts.append(changes_table(value.difference))
    else:
        parts.append(Text("its packages are the same", style="dim"))
    for place in value.saved:
        parts.append(Text.assemble(("recipe  ", "dim"), f"{place}", (f"   {place.text or ''}", "dim")))
    return Group(*parts)


def variables_view(value: EnvVariables) -> RenderableType:
    """A row a variable: its value with the long prefixes by name, and who set it; with `caller`, only what differs."""
    names = {v.value: v.name for v in value.variables if v.name in ("PREFIX", "BUILD_PREFIX", "SRC_DIR") and v.value}
    title = Text.assemble((f"{value.phase} variables", "bold"), f" of {value.subject}")
    parts: list[RenderableType] = [title]
    parts += [Text.assemble(("! ", "bold yellow"), (remark, "yellow")) for remark in value.remarks]
    table = _table("", "variable", "value", "from")
    for variable in value.variables:
        mark = _mark(variable, value.caller)
        if mark is not None:
            table.add_row(mark, variable.name, _short(variable, names), _from(variable))
    known = {variable.name for variable in value.variables}
    for name in sorted(set(value.caller or ()) - known - {"_", "SHLVL", "PWD", "OLDPWD"}):
        table.add_row(Text("-", style="red"), name, Text("not there", style="dim"), "")
    parts.append(table)
    return Group(*parts)


def _mark(variable: Variable, caller: Mapping[str, str] | None) -> Text | None:
    """How a variable differs from the caller's; None where it does not."""
    if caller is None:
        return Text("")
    if variable.name not in caller:
        return None if variable.value is None else Text("+", style="green")
    return None if caller[variable.name] == variable.value else Text("~", style="yellow")


def _short(variable: Variable, names: Mapping[str, str]) -> Text:
    if variable.value is None:
        return Text("unset", style="dim")
    text = variable.value
    for path in sorted(names, key=len, reverse=True):
        if names[path] != variable.name:
            text = text.replace(path, f"${names[path]}")
    return Text(re.sub(r"(_placehold){2,}[a-z_]*", "_placehold…", text))


def _from(variable: Variable) -> Text:
    """The one that set it last; before it, those that it replaced."""
    words = []
    for source in variable.sources:
        kind = {
            "activate.d": f"activate.d of {source.detail}",
            "activation": "activation",
            "variant": f"variant {source.detail}".strip(),
            "caller": "the caller's",
            "script_env": source.detail,
            "script": source.detail,
            "secret": source.detail,
            "conda-build": "conda-build" + (f": {source.detail}" if source.detail else ""),
        }[source.origin]
        if kind not in words:
            words.append(kind)
    return Text.assemble(words[0], (f"  (before: {', '.join(words[1:])})" if words[1:] else "", "dim"))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold", min_width=len(column))
    return table
