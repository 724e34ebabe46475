"""Differences: the verdict first, then metadata, then file by file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from cbw_core.inspect.diff import ChannelDiff, PackageDiff
from cbw_workbench.views.states import size_text

if TYPE_CHECKING:
    from cbw_core.inspect.diff import Detail, FileDiff
    from cbw_workbench.commands.results import DiffReport

_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow"), "time": ("·", "dim")}
_MOST_LINES = 40
_MOST_DETAILS = 20


def diff_report(report: DiffReport) -> RenderableType:
    parts: list[RenderableType] = []
    for found in report.found:
        if isinstance(found, PackageDiff):
            parts += _package(found, report)
        elif isinstance(found, ChannelDiff):
            parts += _channel(found, report)
    return Group(*parts)


def _package(found: PackageDiff, report: DiffReport) -> Iterator[RenderableType]:
    mark, style = ("✓", "green") if found.same else ("✗", "bold red")
    sizes = size_text(found.left_size)
    if found.left_size != found.right_size:
        sizes += f" -> {size_text(found.right_size)}"
    yield Text.assemble((f"{mark} ", style), (f"{found.left}  {found.right}", "bold"), f"  {sizes}")
    yield Text(f"  {found.verdict}", style=style)
    yield from (Text.assemble(("✗ ", "bold red"), failure) for failure in found.failures)
    for reason in found.reasons:
        yield Text.assemble(
            "  because of ", (reason.word, "bold"), f": {reason.why}", (f"\n    {reason.remedy}", "dim")
        )
    for field in found.fields:
        yield Text.assemble(
            "  ", ("~ ", "yellow"), f"{field.file}: ", (field.field, "bold"), *_sides(field.left, field.right)
        )
    for file in found.files:
        if file.kind != "time":
            yield from _file(file, report.brief, reasons=bool(found.reasons))
    times = sum(file.kind == "time" for file in found.files)
    if times and not found.same:
        yield Text(f"  · {times} more differ in their time only", style="dim")


def _file(file: FileDiff, brief: bool, *, reasons: bool) -> Iterator[RenderableType]:
    mark, style = _MARKS[file.kind]
    text = Text.assemble("  ", (f"{mark} {file.path}", style))
    if file.left_size is not None and file.right_size is not None and file.left_size != file.right_size:
        text.append(f"  {size_text(file.left_size)} -> {size_text(file.right_size)}", style="dim")
    given = [reason.word for reason in file.reasons if reason.word != "other"] if reasons else []
    words = ", ".join(dict.fromkeys(given))
    yield text.append(f"  {words}" if words else "", style="cyan")
    if brief:
        return
    for detail in file.details[:_MOST_DETAILS]:
        yield _detail(detail)
    if len(file.details) > _MOST_DETAILS:
        yield Text(f"      … and {len(file.details) - _MOST_DETAILS} more (--json has them)", style="dim")
    for line in file.text[:_MOST_LINES]:
        yield Text(f"      {line}", style={"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim"))
    if len(file.text) > _MOST_LINES:
        yield Text(f"      … and {len(file.text) - _MOST_LINES} more lines (--json has them)", style="dim")


def _detail(detail: Detail) -> Text:
    name = f" {detail.name}" if detail.name else ""
    if isinstance(detail.left, bool) or isinstance(detail.right, bool):
        mark, style = ("+", "green") if detail.left is None else ("-", "red")
        return Text.assemble("      ", (f"{mark} {detail.what}{name}", style))
    return Text.assemble(f"      {detail.what}{name}", *_sides(detail.left, detail.right))


def _sides(left: Any, right: Any) -> tuple[Any, ...]:
    def shown(value: Any) -> str:
        if isinstance(value, (list, tuple)):
            return ", ".join(map(str, value)) or "nothing"
        return "nothing" if value is None or value == "" else str(value)

    if left is None and right is None:
        return ()
    return ("  ", (shown(left), "red"), " -> ", (shown(right), "green"))


def _channel(found: ChannelDiff, report: DiffReport) -> Iterator[RenderableType]:
    mark, style = ("✓", "green") if found.same else ("✗", "bold red")
    yield Text.assemble((f"{mark} ", style), (f"{found.left}  {found.right}", "bold"), f"  {found.verdict}")
    for record in found.records:
        sign, colour = _MARKS[record.kind]
        yield Text.assemble("  ", (f"{sign} {record.subdir}/{record.file_name}", colour))
        for name, sides in () if report.brief else record.fields.items():
            yield Text.assemble(f"      {name}", *_sides(*sides))
