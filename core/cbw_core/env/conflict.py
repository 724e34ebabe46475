"""A solve without a solution as an error a person can act on: the requirements to blame first, why, what would do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cbw_core.env.channels import ChannelRef, shown
from cbw_core.env.specs import name_of
from cbw_core.errors import MissingPackage, Unsatisfiable

_ROOT = re.compile(r"^[├└]─ (.+?) (?:can be installed|cannot be installed|cannot be fulfilled|would require)", re.M)
_MOST = 3  # requirements named in a message


def conflict(
    text: str,
    why: Mapping[str, Any],
    *,
    env: str,
    platform: str,
    written: Mapping[str, str],
    channels: Sequence[ChannelRef],
) -> Unsatisfiable:
    """The error for what the solver said (`text`) and what was found out about it (`why`: a Diagnosis as data, {} where
    nothing was). written: the specs given to the solver -> as the recipe has them."""
    tree = text.removeprefix("Cannot solve the request because of: ").strip()
    items = list(why.get("items", ()))
    case = _Case(tree, why, items, env, platform, written, channels)
    if not items or (len(items) > _MOST and not why["whole"]):
        return case.unknown()
    if why["hidden"]:
        return case.hidden(*why["hidden"])
    if why["finding"]:
        return case.missing(why["finding"])
    if len(items) == 1:
        return case.alone()
    return case.together()


class _Case:
    """One conflict, and the sentences about it."""

    def __init__(
        self,
        tree: str,
        why: Mapping[str, Any],
        items: list[Mapping[str, Any]],
        env: str,
        platform: str,
        written: Mapping[str, str],
        channels: Sequence[ChannelRef],
    ) -> None:
        self.tree, self.why, self.items, self.env = tree, why, items, env
        self.written, self.platform, self.channels = written, platform, channels
        self.where = f"the {env} environment"
        self.searched = f"Channels searched for {platform}: {shown(channels)}."

    # -- words ----------------------------------------------------------------------------------------------------

    def spec(self, item: Mapping[str, Any]) -> str:
        return self.written.get(item["spec"]) or str(item["spec"])

    def channel(self, url: str) -> str:
        return next((ref.name for ref in self.channels if ref.url.rstrip("/") == url.rstrip("/")), url)

    @property
    def blamed(self) -> list[tuple[str, str]]:
        """Those for which something else would do come first: there is a change to propose."""
        rows = sorted(self.items, key=lambda item: not item["fits"])
        return [(self.section(item), self.spec(item)) for item in rows]

    def section(self, item: Mapping[str, Any]) -> str:
        if item["owner"]:
            return "run_constrained" if item["constrains"] else "run"
        return self.env

    def asked(self, item: Mapping[str, Any]) -> str:
        """A requirement in a sentence, with who brings it where that is not the environment itself."""
        if not item["owner"]:
            return self.spec(item)
        how = "allows only" if item["constrains"] else "needs to run"
        return f"{self.spec(item)} (which {item['owner']} {how})"

    @property
    def details(self) -> str:
        told = str(self.why.get("text", "")).removeprefix("Cannot solve the request because of: ").strip()
        return told or self.tree

    # -- cases ----------------------------------------------------------------------------------------------------

    def missing(self, finding: Mapping[str, Any]) -> Unsatisfiable:
        """A requirement that no package meets: asked for, or needed by a package that is (the chain)."""
        chain, item = self.why["chain"], self.items[0]
        root, name, kind = self.spec(item), finding["name"], finding["kind"]
        spec = str(finding["spec"]) if chain else root
        who = f"{item['owner']} needs to run" if item["owner"] else ""
        by = f", which {_plain(chain[-1])} needs," if chain else f", which {who}," if who else ""
        far = len(chain) > 1 or (chain and name_of(root) != chain[0].split()[0])
        tail = f" (which {who})" if chain and who else f" (asked for by {root})" if far else ""
        details = _needs(chain, spec) + self.details
        if kind == "virtual":
            return self._virtual(spec, by + tail, finding, details)
        versions = list(dict.fromkeys(row.split()[0] for row in finding["have"]))
        more: dict[str, Any] = {"package": name, "requirements": self.blamed, "details": details}
        change = f"Write `{name} {finding['near']}`" if not chain else f"Ask for another version of {_plain(chain[0])}"
        if kind in ("version", "build"):
            if finding["made"]:
                made = ", ".join(finding["have"])
                why = f"This recipe makes {name} {made}: its own package goes before those of channels."
                hint = f"{change}, or pin it with pin_subpackage."
            elif kind == "build":
                builds = [row.split()[1] for row in finding["have"]]
                why = f"There is {name} {finding['near']} in the builds {_some(builds)}. {self.searched}"
                hint = f"{change} without the build string, or one of these builds."
            else:
                why = f"There is {name} {_some(versions)}. {self.searched}"
                hint = f"{change} (the nearest there is), or add the channel that has the other with -c."
            listed = "\n".join(f"  {name} {row}" for row in finding["have"][-12:])
            more["details"] = f"{details}\nWhat there is of it:\n{listed}"
            return MissingPackage(
                f"{self.where}: no package {spec}{by} is in the channels{tail}", why=why, hint=hint, **more
            )
        if kind == "channel":
            has = _some([self.channel(url) for url in finding["where"]])
            return MissingPackage(
                f"{self.where}: no package {spec}{by} is in that channel{tail}",
                why=f"The channel written before :: has no such package; there is {name} in {has}.",
                hint=f"Leave out what stands before ::, or write {self.channel(finding['where'][0])}::{name}.",
                **more,
            )
        if kind == "subdir":
            return MissingPackage(
                f"{self.where}: there is no package {spec}{by} for {self.platform}{tail}",
                why=f"There is {name} for {_some(finding['where'])} only. {self.searched}",
                hint="Build for such a platform (--subdir), guard the line with a selector, or add a channel with -c.",
                **more,
            )
        like = list(finding["like"])
        which = f"Did you mean {' or '.join(like)}? " if like else ""
        return MissingPackage(
            f"{self.where}: there is no package {spec if chain or by else name}{by} in the channels{tail}",
            why=self.searched,
            hint=f"{which}Correct the name, or add the channel that has it with -c.",
            **more,
        )

    def _virtual(self, spec: str, by: str, finding: Mapping[str, Any], details: str) -> Unsatisfiable:
        name = finding["name"]
        have = " and ".join(_plain(row) for row in finding["have"])
        offers = (
            f"This machine offers {have} (as {self.platform})."
            if have
            else f"It offers no {name} (as {self.platform})."
        )
        version = re.search(r"\d[\w.]*", spec.partition(" ")[2])
        setting = f"CONDA_OVERRIDE_{name[2:].upper()}={version[0] if version else 'VERSION'}"
        return Unsatisfiable(
            f"{self.where}: {spec}{by} is not what this machine offers",
            requirements=self.blamed,
            why=f"Names with two underscores stand for the machine itself. {offers}",
            hint=f"Build on such a machine, or set {setting} to act as if it were one.",
            details=details,
        )

    def hidden(self, name: str, has: str, hides: str) -> Unsatisfiable:
        asked = " and ".join(self.asked(item) for item in self.items[:_MOST])
        return Unsatisfiable(
            f"{self.where}: strict channel priority hides what {asked} needs",
            requirements=self.blamed,
            why=f"{self.channel(has)} has a {name} that would do, but {self.channel(hides)} has packages of that name "
            f"too, which come first. {self.searched}",
            hint="Use --channel-priority flexible, or change the order of the channels.",
            details=self.details,
        )

    def alone(self) -> Unsatisfiable:
        """One requirement whose packages exist and cannot be installed: what they need excludes each other."""
        chain, clash = self.why["chain"], self.why["clash"]
        spec = self.asked(self.items[0])
        if clash:
            why = f"{_plain(chain[-1])} needs {' and '.join(clash[:_MOST])}, which exclude each other."
        else:
            why = _first_clash(self.details) or "What it needs excludes each other: see below."
        return Unsatisfiable(
            f"{self.where}: {spec} cannot be installed",
            requirements=self.blamed,
            why=f"{why} {self.searched}",
            hint="Ask for another version of it, or add a channel with packages that go together.",
            details=_needs(chain, " and ".join(clash)) + self.details,
        )

    def together(self) -> Unsatisfiable:
        """Requirements that are fine alone and exclude each other."""
        names = [self.asked(item) for item in self.items]
        listed = (
            ", ".join(names[: _MOST - 1]) + f" and {len(names) - _MOST + 1} more"
            if len(names) > _MOST
            else _joined(names)
        )
        changes = [change for item in self.items if (change := self._change(item))]
        if changes:
            hint = f"Change one of them: {'; or '.join(changes[:_MOST])}."
        else:
            hint = "Loosen or leave out one of them: the tree below shows who asks for what."
        why = _first_clash(self.details)
        return Unsatisfiable(
            f"{self.where}: {listed} cannot be had together",
            requirements=self.blamed,
            why=f"{why} {self.searched}".strip(),
            hint=hint,
            details=self.details,
        )

    def _change(self, item: Mapping[str, Any]) -> str:
        if not item["fits"]:
            return ""
        name = name_of(item["spec"])
        version = item["fits"][len(name) + 1 :].rpartition("-")[0]
        short = ".".join(version.split(".")[:2])
        spec = self.spec(item)
        proposal = f"{name} {version if short in spec.split()[1:] else short}"
        others = [self.spec(other) for other in self.items if other is not item]
        if item["owner"]:
            verb = "allow" if item["constrains"] else "need"
            return f"{item['owner']} may {verb} `{proposal}` ({name} {version} goes with {_joined(others[:2])})"
        return f"`{proposal}` in place of `{spec}` ({name} {version} goes with {_joined(others[:2])})"

    def unknown(self) -> Unsatisfiable:
        """The cause was not found in time: what the solver says."""
        roots = [_as_written(root, self.written) for root in dict.fromkeys(_ROOT.findall(self.tree))]
        who = _joined(roots[:_MOST]) or "its requirements"
        what = "cannot be had together" if len(roots) > 1 else "cannot be installed"
        return Unsatisfiable(
            f"{self.where}: {who} {what}",
            requirements=[(self.env, root) for root in roots],
            why=_first_clash(self.tree) or self.searched,
            hint="Loosen or change one of them: the tree below shows who asks for what.",
            details=self.tree,
        )


def _joined(texts: Sequence[str]) -> str:
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 2 else texts)


def _some(texts: Sequence[str]) -> str:
    """A list for a sentence, the middle left out where it is long."""
    return ", ".join(texts if len(texts) <= 8 else [*texts[:3], "...", *texts[-4:]])


def _plain(row: str) -> str:
    """ "name version build" (or "version build") without the build."""
    return " ".join(row.split()[:2])


def _needs(chain: Sequence[str], spec: str) -> str:
    """The way from the requirement to what is missing, a line each."""
    if not chain:
        return ""
    rows = [*chain, spec]
    return "\n".join(f"{'   ' * n}{'└─ ' if n else ''}{row}" for n, row in enumerate(rows)) + "\n\n"


def _as_written(spec: str, written: Mapping[str, str]) -> str:
    """The solver shows `numpy ==1.26`; the recipe has `numpy 1.26`."""
    plain = spec.replace("==", "").strip().removesuffix(" *")
    if found := re.fullmatch(r"(.+?) ?\[channel=\"(.+)\"\]", plain):
        plain = f"{found[2]}::{found[1]}"
    return written.get(spec) or written.get(plain) or plain


def _first_clash(tree: str) -> str:
    """Who asks for what the others exclude: the chain above the first line that says so."""
    before: list[str] = []
    for line in tree.splitlines():
        if found := re.search(r"─ (.+?), which conflicts", line):
            asked = re.search(r"─ (.+?), which cannot be installed", before[-1] if before else "")
            who = re.search(r"─ (.+?) would require", before[-2] if len(before) > 1 else "")
            if asked and who:
                return f"{who[1]} needs {asked[1]} ({found[1]}), which the other requirement excludes."
            return f"{found[1]} would be needed, which the other requirement excludes."
        if found := re.search(r"─ the constraint (.+?) cannot be fulfilled", line):
            return f"{found[1]} is a limit that another package sets (run_constrained)."
        before.append(line)
    return ""
