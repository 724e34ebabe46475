"""Who needs which library, whose that is and what is wrong with it, as a tree: file, library, owner, recipe line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from cbw_core.errors import Place
from cbw_core.linkage.words import VERDICTS
from cbw_workbench.tui.answers.node import Node
from cbw_workbench.views.linkages import VERDICT_LOOKS, change_text
from cbw_workbench.views.places import shown

if TYPE_CHECKING:
    from cbw_core.linkage import FileLinkage, Linkages, Need, PackageLinkage, Verdict
    from cbw_workbench.commands.results import LinkageReport

FINDINGS = "findings"
FILTERS = ("", FINDINGS, *VERDICTS)  # "" lets everything through


def nodes(report: LinkageReport, only: str = "", folder: str = "") -> tuple[Node, ...]:
    """A node for each target. only: one of FILTERS; files and packages without such a verdict are left out. folder: the
    recipe's, which places are named relative to."""
    found = tuple(_Drawing(only, folder).target(target) for target in report.targets)
    return (*found, *(Node(Text(f"{given}: {error.message}", "red")) for given, error in report.errors))


class _Drawing:
    def __init__(self, only: str, folder: str) -> None:
        self._only, self._folder = only, folder

    def target(self, target: Linkages) -> Node:
        label = Text.assemble(*(
            (f"{count} {word}  ", VERDICT_LOOKS[word].style) for word, count in target.count().items()
        ))  # fmt: skip
        children = [Node(Text.assemble(("! ", "bold yellow"), (remark, "yellow"))) for remark in target.remarks]
        children += [Node(Text.assemble(("✗ ", "bold red"), str(failure))) for failure in target.failures]
        for package in target.packages:
            children += self._package(package, head=len(target.packages) > 1)
        if not children:
            what = f"nothing is {self._only}" if self._only and self._only != FINDINGS else "nothing to complain of"
            children.append(Node(Text(what if self._only else "no programs or libraries", "dim")))
        return Node(label if label.plain else Text("nothing is linked", "dim"), None, tuple(children), opened=True)

    def _package(self, package: PackageLinkage, *, head: bool) -> list[Node]:
        rows = [self._verdict_node(verdict, "") for verdict in _chosen(package.verdicts, self._only)]
        rows += [node for file in package.files if (node := self._file(file)) is not None]
        if not head or not rows:
            return rows
        return [Node(Text(package.dist or package.name, "bold"), None, tuple(rows), opened=bool(self._only))]

    def _file(self, file: FileLinkage) -> Node | None:
        verdicts = list(_chosen(file.verdicts, self._only))
        needs = [need for need in file.needs if _passes(need.verdict, self._only)]
        if self._only and not verdicts and not needs:
            return None
        worst = file.findings[0] if file.findings else None
        look = VERDICT_LOOKS[worst.word] if worst else VERDICT_LOOKS["ok"]
        arch = f" ({file.binary.arch})" if file.binary.format == "Mach-O" else ""
        words = ", ".join(dict.fromkeys(v.word for v in file.findings))
        label = Text.assemble((f"{look.symbol} ", look.style), (file.path + arch, "bold"), (f"  {words}", look.style))
        children = (*(self._verdict_node(v, "rpath") for v in verdicts), *map(self._need, needs))
        return Node(label, next((c.place for c in children if c.place), None), children, opened=bool(worst))

    def _need(self, need: Need) -> Node:
        verdict, where = need.verdict, need.resolution
        look = VERDICT_LOOKS[verdict.word]
        label = Text.assemble((f"{look.symbol} ", look.style), (need.name, "bold" if verdict.is_finding else ""))
        if where.path and where.path != need.name:
            label.append(f"  {where.path}", style="dim")
        if where.owner:
            label.append(f"  {where.owner}", style="cyan")
        label.append(f"  {verdict.word}", style=look.style)
        children = [*self._reasons(verdict)]
        if where.by:
            children.append(Node(Text(f"found by {where.by}", "dim")))
        children += [Node(Text(f"not in {place}", "dim")) for place in where.tried]
        if need.needed.versions:
            children.append(Node(Text(f"versions {', '.join(sorted(need.needed.versions))}", "dim")))
        return Node(label, _place(verdict), tuple(children), opened=verdict.is_finding)

    def _verdict_node(self, verdict: Verdict, about: str) -> Node:
        look = VERDICT_LOOKS[verdict.word]
        label = Text.assemble(
            (f"{look.symbol} ", look.style), (f"{about}  " if about else ""), (verdict.word, look.style)
        )
        return Node(
            label.append(f"  {verdict.why}"), _place(verdict), tuple(self._reasons(verdict, why=False)), opened=True
        )

    def _reasons(self, verdict: Verdict, *, why: bool = True) -> Iterable[Node]:
        """Why it is so; then what would change it, each a line of the recipe."""
        if why and verdict.why:
            yield Node(Text(verdict.why))
        if verdict.allowed:
            yield Node(
                Text(f"allowed by {verdict.allowed.pattern}  {shown(verdict.allowed.place, self._folder)}"),
                verdict.allowed.place,
            )
        for number, change in enumerate(verdict.changes):
            yield Node(
                Text.assemble(("or " if number else "→ ", "green"), change_text(change, self._folder)), change.place
            )


def _place(verdict: Verdict) -> Place | None:
    """The recipe's line that a verdict is about."""
    places = [change.place for change in verdict.changes] + [verdict.allowed.place if verdict.allowed else None]
    return next((place for place in places if place is not None), None)


def _passes(verdict: Verdict, only: str) -> bool:
    return not only or (verdict.is_finding if only == FINDINGS else verdict.word == only)


def _chosen(verdicts: Sequence[Verdict], only: str) -> Iterable[Verdict]:
    return (verdict for verdict in verdicts if _passes(verdict, only))
