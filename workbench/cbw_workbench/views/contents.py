"""What packages and prefixes hold: objects, files, prefixes, channels, what a package says of itself."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cbw_core.inspect.about import PackageInfo, PrefixLength
from cbw_core.inspect.channels import ChannelPackages
from cbw_core.inspect.listing import Files
from cbw_core.inspect.objects import Objects
from cbw_workbench.commands.results import ContentsReport
from cbw_workbench.views.states import size_text

if TYPE_CHECKING:
    from cbw_core.inspect.listing import FileRow
    from cbw_core.inspect.objects import ObjectFile
    from cbw_core.inspect.placeholders import PrefixFile

_MOST_PLACES = 20


def contents_report(report: ContentsReport) -> RenderableType:
    if report.found and isinstance(report.found[0], PrefixLength):
        return _lengths(report)
    return Group(*(_one(found, report) for found in report.found)) if report.found else Text("nothing to show")


@singledispatch
def _one(found: object, report: ContentsReport) -> RenderableType:
    raise TypeError(f"no drawing for {type(found).__name__}")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _failures(found: Any) -> list[RenderableType]:
    return [Text.assemble(("✗ ", "bold red"), str(failure)) for failure in found.failures]


@_one.register
def _(found: Objects, report: ContentsReport) -> RenderableType:
    table = _table("file", "type", "for", "oldest system", "hardening", "soname, rpath")
    for file in found.files:
        binary, details = file.binary, file.binary.details
        hard = Text()
        for name, value in details.hardening.items() if details else ():
            shown = {"yes": name, "no": f"no {name}"}.get(value, f"{value} {name}")
            hard.append(f"{', ' if hard else ''}{shown}", style={"yes": "green", "no": "red"}.get(value, "yellow"))
        if details and details.stripped:
            hard.append(f"{', ' if hard else ''}stripped", style="dim")
        kind = f"{binary.format} {binary.kind}"
        table.add_row(file.path, kind, binary.arch, details.min_os if details else "", hard, _names(file))
    parts: list[RenderableType] = [Text(found.subject, style="bold"), *_failures(found), table]
    if report.symbols:
        parts += [_symbols(file) for file in found.files]
    return Group(*parts)


def _names(file: ObjectFile) -> Text:
    text = Text(file.binary.soname)
    for label, entries in (("rpath", file.binary.rpath), ("runpath", file.binary.runpath)):
        if entries:
            text.append(f"{' ' if text else ''}{label} ", style="dim").append(":".join(entries))
    return text


def _symbols(file: ObjectFile) -> RenderableType:
    tree = Tree(Text(f"{file.path} ({file.binary.arch})", style="bold"), guide_style="dim")
    for name in file.binary.details.exports if file.binary.details else ():
        tree.add(Text(name))
    return tree


@_one.register
def _(found: Files, report: ContentsReport) -> RenderableType:
    if report.places:
        return Group(*(_places(row) for row in found.rows), *_failures(found))
    links = sum(row.kind == "link" for row in found.rows)
    title = Text.assemble((found.subject, "bold"), f"  {len(found.rows)} files, {links} of them links, ")
    top = Tree(title.append(size_text(found.size)), guide_style="dim")
    folders: dict[str, Tree] = {"": top}
    for row in found.rows:
        folder, _, name = row.path.rpartition("/")
        _folder(folders, folder).add(_row(row, name))
    return Group(*_failures(found), top)


def _folder(folders: dict[str, Tree], path: str) -> Tree:
    if path not in folders:
        above, _, name = path.rpartition("/")
        folders[path] = _folder(folders, above).add(Text(f"{name}/", style="bold blue"))
    return folders[path]


def _row(row: FileRow, name: str) -> Text:
    text = Text.assemble(name, (f" -> {row.target}" if row.kind == "link" else f"  {size_text(row.size)}", "dim"))
    if row.format:
        text.append(f"  {row.format}", style="magenta")
    if row.phase:
        text.append(f"  {row.phase}", style="cyan")
    if row.package:
        text.append(f"  of {row.package}", style="dim")
    if row.taken:
        text.append(f"  in {', '.join(row.taken)}", style="green")
    elif row.phase in ("build", "post"):
        text.append("  in no output", style="yellow")
    if row.prefix:
        text.append(f"  {_prefix(row.prefix)}", style="yellow")
    return text


def _prefix(found: PrefixFile) -> str:
    offsets = ", ".join(str(place.offset) for place in found.places[:3])
    count = len(found.places) + found.more
    shown = f"{offsets}{', ...' if count > 3 else ''}"
    return f"{found.kind} prefix at {shown}" + ("" if found.told else " (is not replaced at installation)")


def _places(row: FileRow) -> RenderableType:
    if row.prefix is None:
        return Text(f"{row.path}: the prefix is not in it")
    found = row.prefix
    count = len(found.places) + found.more
    title = Text.assemble((row.path, "bold"), f"  {found.kind}, {count} time{'s' if count != 1 else ''}: ")
    table = _table("byte", "line" if found.kind == "text" else "room", "text")
    for place in found.places[:_MOST_PLACES]:
        where = f"{place.line}:{place.column}" if place.line else str(place.room)
        table.add_row(str(place.offset), where, place.text)
    parts: list[RenderableType] = [title.append(found.placeholder, style="dim"), table]
    if count > _MOST_PLACES:
        parts.append(Text(f"… and {count - _MOST_PLACES} more (--json has them)", style="dim"))
    return Group(*parts)


def _lengths(report: ContentsReport) -> RenderableType:
    table = _table("", "length", "file", "package")
    for row in report.found:
        assert isinstance(row, PrefixLength)
        mark = Text("✓", style="green") if row.fits else Text("✗", style="bold red")
        table.add_row(mark, str(row.length), row.path, row.package)
    return table


@_one.register
def _(found: ChannelPackages, report: ContentsReport) -> RenderableType:
    good = len(found.packages) - len(found.refused)
    parts: list[RenderableType] = [
        Text.assemble((found.channel, "bold"), f"  {good} of {len(found.packages)} packages can be installed")
    ]
    for one in found.refused:
        parts.append(Text.assemble(("✗ ", "bold red"), (f"{one.subdir}/{one.file_name}", "bold"), f": {one.why}"))
        parts += [Text(f"    {line}", style="dim") for line in one.details.splitlines()]
    return Group(*parts)


@_one.register
def _(found: PackageInfo, report: ContentsReport) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for section, values in (("", found.index), ("about", found.about)):
        for key, value in values.items():
            if value not in (None, "", [], {}) and not isinstance(value, dict):
                table.add_row(f"{section} {key}".strip(), _value(value))
    for kind, specs in found.run_exports.items():
        if specs:
            table.add_row(f"run_exports {kind}", _value(specs))
    for label, lines in (("tests", found.tests), ("test needs", found.requires), ("recipe", found.recipe)):
        if lines:
            table.add_row(label, "\n".join(lines))
    return Group(Text(f"{found.dist}  {size_text(found.size)}", style="bold"), *_failures(found), table)


def _value(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
