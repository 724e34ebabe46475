"""Linkages: findings with what to do about them, then who has what; as a tree; as the way from a file to a library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from cbw_workbench.views.places import shown
from cbw_workbench.views.states import Look

if TYPE_CHECKING:
    from cbw_core.inspect.linkages import Branch, Way
    from cbw_core.linkage import Change, FileLinkage, Linkages, Need, PackageLinkage, Verdict
    from cbw_workbench.commands.results import LinkageReport

VERDICT_LOOKS = {
    "ok": Look("✓", "green"),
    "system": Look("✓", "dim green"),
    "whitelisted": Look("-", "dim"),
    "overlinked": Look("✗", "bold red"),
    "overdepending": Look("✗", "yellow"),
    "missing": Look("✗", "bold red"),
    "absolute rpath": Look("✗", "yellow"),
    "untracked": Look("✗", "yellow"),
    "unknown": Look("?", "cyan"),
}
_NOBODY = {"system": "the system", "build": "the build environment", "nowhere": "nowhere"}


@dataclass
class _Node:
    """A line and what is below it. rich's own trees take seconds for the thousands of lines of a prefix."""

    line: Text
    below: list[_Node] = field(default_factory=list)

    def add(self, line: Text) -> _Node:
        self.below.append(_Node(line))
        return self.below[-1]

    def lines(self, first: str = "", rest: str = "") -> Iterator[Text]:
        head, *more = self.line.split("\n")
        yield Text.assemble((first, "dim"), head)
        yield from (Text.assemble((rest + ("│ " if self.below else "  "), "dim"), line) for line in more)
        for number, node in enumerate(self.below, 1):
            last = number == len(self.below)
            yield from node.lines(rest + ("└── " if last else "├── "), rest + ("    " if last else "│   "))

    def drawn(self) -> Text:
        return Text("\n").join(self.lines())


def linkage_report(report: LinkageReport) -> RenderableType:
    if report.asked:
        return _ways(report)
    parts: list[RenderableType] = []
    for number, found in enumerate(report.targets):
        parts.append(_title(found))
        parts += [Text.assemble(("! ", "bold yellow"), (remark, "yellow")) for remark in found.remarks]
        parts += [Text.assemble(("✗ ", "bold red"), str(failure)) for failure in found.failures]
        if report.trees:
            parts += [_branch(branch).drawn() for branch in report.trees[number]]
            continue
        parts += [_package(package, report) for package in found.packages]
    return Group(*parts) if parts else Text("nothing was looked at")


def _title(found: Linkages) -> Text:
    files = len({file.path for file in found.files})
    text = Text.assemble((found.subject, "bold"), f"  {files} binar{'y' if files == 1 else 'ies'}")
    for word, count in found.count().items():
        text.append(f"  {count} {word}", style=VERDICT_LOOKS[word].style)
    return text


def _package(package: PackageLinkage, report: LinkageReport) -> RenderableType:
    tree = _Node(Text(package.dist or package.name, style="bold"))
    for verdict in package.verdicts:
        tree.add(_finding(verdict, ""))
    for file in package.files:
        for verdict in file.verdicts:
            tree.add(_finding(verdict, _file(file)))
        for need in file.needs:
            if need.verdict.is_finding:
                tree.add(_finding(need.verdict, f"{_file(file)} needs {need.name}"))
    if report.groupby == "package":
        for owner, rows in _by_owner(package).items():
            below = tree.add(Text(owner, style="cyan" if rows[0][1].resolution.owner else "dim"))
            _libraries(below, rows, report.show_files)
    else:
        _libraries(tree, [(f, n) for f in package.files for n in f.needs], report.show_files, owners=True)
    return tree.drawn()


def _file(file: FileLinkage) -> str:
    return f"{file.path} ({file.binary.arch})" if file.binary.format == "Mach-O" else file.path


def _finding(verdict: Verdict, what: str) -> Text:
    look = VERDICT_LOOKS[verdict.word]
    text = Text.assemble((f"{look.symbol} {verdict.word}", look.style))
    if what:
        text.append(f"  {what}", style="bold")
    text.append(f": {verdict.why}" if what else f"  {verdict.why}")
    for number, change in enumerate(verdict.changes):
        text.append("\n  or " if number else "\n  ", style="dim").append_text(change_text(change))
    return text


def change_text(change: Change, folder: str = "") -> Text:
    """The change in words, its place relative to the recipe's folder."""
    to = "to" if change.action == "add" else "from"
    place = shown(change.place, folder)
    return Text.assemble(
        f"{change.action} ", (change.line, "bold"), f" {to} {change.field}", (f"  {place}" if place else "", "dim")
    )


def _by_owner(package: PackageLinkage) -> dict[str, list[tuple[FileLinkage, Need]]]:
    """The package itself first, then others by name, the system, and what is nowhere."""
    found: dict[str, list[tuple[FileLinkage, Need]]] = {}
    for file in package.files:
        for need in file.needs:
            found.setdefault(_owner(need, package), []).append((file, need))
    last = list(_NOBODY.values())
    return {
        name: found[name]
        for name in sorted(found, key=lambda n: (n in last, last.index(n) if n in last else n != "itself", n))
    }


def _owner(need: Need, package: PackageLinkage) -> str:
    where = need.resolution.where
    if where == "package":
        return "itself"
    return need.resolution.owner or _NOBODY.get(where, "no package")


def _libraries(
    tree: _Node, rows: Sequence[tuple[FileLinkage, Need]], show_files: bool, *, owners: bool = False
) -> None:
    groups: dict[tuple[str, str], list[tuple[FileLinkage, Need]]] = {}
    for file, need in rows:
        groups.setdefault((need.name, need.resolution.path), []).append((file, need))
    for (name, path), users in sorted(groups.items()):
        line = _library(name, path, [need for _, need in users])
        if owners:
            owner = users[0][1].resolution.owner or _NOBODY.get(users[0][1].resolution.where, "no package")
            line.append(f"  {owner}", style="cyan")
        below = tree.add(line)
        if show_files:
            for file, need in users:
                by = f"  {need.resolution.by}" if need.resolution.by else ""
                below.add(Text.assemble(_file(file), (by, "dim")))


def _library(name: str, path: str, needs: Sequence[Need]) -> Text:
    words = list(dict.fromkeys(need.verdict.word for need in needs))
    look = VERDICT_LOOKS[words[0]]
    text = Text.assemble((f"{look.symbol} ", look.style), name)
    if path and path != name:
        text.append(f"  {path}", style="dim")
    if words not in (["ok"], ["system"]):
        text.append(f"  {', '.join(words)}", style=look.style)
    versions = sorted({v for need in needs for v in need.needed.versions}, key=_version_key)
    if versions:
        text.append(f"  {versions[-1]}", style="dim")
    return text


def _version_key(text: str) -> list[tuple[int, str]]:
    import re

    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def _branch(branch: Branch) -> _Node:
    return _Node(_node(branch), [_branch(below) for below in branch.below])


def _node(branch: Branch) -> Text:
    if branch.need is None:
        return Text(branch.path, style="bold")
    need = branch.need
    look = VERDICT_LOOKS[need.verdict.word]
    text = Text.assemble((f"{look.symbol} ", look.style), need.name)
    if need.resolution.path and need.resolution.path != need.name:
        text.append(f"  {need.resolution.path}", style="dim")
    if need.resolution.owner:
        text.append(f"  {need.resolution.owner}", style="cyan")
    if need.verdict.is_finding:
        text.append(f"  {need.verdict.word}", style=look.style)
    return text.append("  (see above)", style="dim") if branch.again else text


def _ways(report: LinkageReport) -> RenderableType:
    file, library = report.asked
    if not report.ways:
        return Text(f"{file} does not come to need {library}")
    return Group(*_way_lines(report.ways))


def _way_lines(ways: Iterable[Way]) -> Iterable[RenderableType]:
    for way in ways:
        yield Text(way.file, style="bold")
        for depth, (_, need) in enumerate(way.steps, 1):
            look = VERDICT_LOOKS[need.verdict.word]
            text = Text.assemble("  " * depth, "needs ", (need.name, "bold"), f"  {need.resolution.path}")
            if need.resolution.by:
                text.append(f"  by {need.resolution.by}", style="dim")
            text.append(f"\n{'  ' * depth}{look.symbol} {need.verdict.word}", style=look.style)
            yield text.append(f": {need.verdict.why}" if need.verdict.why else "")
            for tried in need.resolution.tried if need.resolution.where == "nowhere" else ():
                yield Text(f"{'  ' * depth}  not in {tried}", style="dim")
