"""Environments and the cache they come from, as tables and trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cbw_workbench.views.states import size_text

if TYPE_CHECKING:
    from cbw_workbench.commands.results import CacheReport

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


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
