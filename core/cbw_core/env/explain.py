"""From what the solver or a channel said to an error a person can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cbw_core.env.channels import ChannelRef, redact, shown
from cbw_core.errors import CbwError, EnvironmentFailure, MissingPackage, RecipeError

_ROOT = re.compile(r"^[├└]─ (.+?) (?:can be installed|cannot be installed|cannot be fulfilled|would require)", re.M)
_LEAF = re.compile(r"─ (.+?), for which no candidates were found")


def failure(
    answer: dict[str, Any], *, env: str, platform: str, written: dict[str, str], channels: Sequence[ChannelRef]
) -> CbwError:
    """The error for the answer of `solve_job.solve` that is no solution.

    written: the specs given to the solver -> as the recipe has them.
    """
    text = redact(answer["text"]).strip()
    if answer["failure"] == "spec":
        spec = written.get(answer["spec"], answer["spec"])
        return RecipeError(f"the requirement {spec!r} of {env} cannot be read", kind="spec", why=text)
    if answer["failure"] == "gateway":
        return _of_channel(text, channels)
    return _of_solver(text, answer, env, platform, written, channels)


def _of_solver(
    text: str,
    answer: dict[str, Any],
    env: str,
    platform: str,
    written: dict[str, str],
    channels: Sequence[ChannelRef],
) -> EnvironmentFailure:
    tree = text.removeprefix("Cannot solve the request because of: ")
    searched = f"Channels searched for {platform}: {shown(channels)}."
    roots = [_as_written(root, written) for root in dict.fromkeys(_ROOT.findall(tree))]
    alone = re.match(r"No candidates were found for (.+?)\.?\s*$", tree)
    if alone or (len(roots) <= 1 and _LEAF.search(tree)):
        spec = alone[1] if alone else _LEAF.findall(tree)[0]
        name = re.split(r"[ <>=!~\[]", spec.rpartition("::")[2], maxsplit=1)[0]
        known = answer.get("missing", {}).get(name, {"versions": [], "builds": [], "like": []})
        spec = _as_written(spec, written) if alone else spec
        needed = "" if alone else f", which {roots[0] if roots else 'a package'} needs,"
        return _missing(spec, name, needed, known, env, searched, tree, virtual=name.startswith("__"))
    if "due to strict channel priority" in tree:
        why = "A channel of higher priority has a package of that name, which hides those of the later channels."
        hint = "Use --channel-priority flexible, or change the order of the channels."
    elif "candidate not in requested channel" in tree:
        why, hint = "The channel written before :: has no such package.", f"Give that channel with -c. {searched}"
    else:
        why = _first_conflict(tree)
        hint = "Loosen or change one of them: the tree below shows who asks for what."
    who = " and ".join(dict.fromkeys(roots[:3])) or "its requirements"
    what = f"{who} cannot be had together" if len(set(roots)) > 1 else f"{who} cannot be installed"
    return EnvironmentFailure(f"the {env} environment: {what}", kind="solve", why=why, hint=hint, details=tree)


def _missing(
    spec: str, name: str, needed: str, known: dict[str, Any], env: str, searched: str, tree: str, *, virtual: bool
) -> EnvironmentFailure:
    if virtual:
        variable = f"CONDA_OVERRIDE_{name[2:].upper()}"
        return EnvironmentFailure(
            f"the {env} environment: {spec}{needed} is not what this machine offers",
            kind="solve",
            why="Names with two underscores stand for the machine itself (its system, libc, processor, GPU driver).",
            hint=f"Build on such a machine, or set {variable}=VERSION to act as if it were one.",
            details=tree,
        )
    if known["versions"]:
        versions = known["versions"]
        have = ", ".join(versions if len(versions) <= 8 else [*versions[:3], "...", *versions[-4:]])
        return MissingPackage(
            f"the {env} environment: no package {spec}{needed} is in the channels",
            package=name,
            why=f"There is {name} {have}. {searched}",
            hint="Ask for one of these versions, or add the channel that has the other with -c.",
            details=tree + "\nWhat there is of it:\n" + "\n".join(f"  {name} {build}" for build in known["builds"]),
        )
    like = f" Did you mean {' or '.join(known['like'])}?" if known["like"] else ""
    return MissingPackage(
        f"the {env} environment: there is no package {spec if needed else name}{needed} in the channels",
        package=name,
        why=searched,
        hint=f"Correct the name, or add the channel that has it with -c.{like}",
        details=tree,
    )


def _as_written(spec: str, written: dict[str, str]) -> str:
    """The solver shows `numpy ==1.26`; the recipe has `numpy 1.26`."""
    plain = spec.replace("==", "").strip().removesuffix(" *")
    if found := re.fullmatch(r"(.+?) ?\[channel=\"(.+)\"\]", plain):
        plain = f"{found[2]}::{found[1]}"
    return written.get(spec) or written.get(plain) or plain


def _first_conflict(tree: str) -> str:
    """Who asks for what the others exclude: the chain above the first line that says so."""
    before: list[str] = []
    for line in tree.splitlines():
        if found := re.search(r"─ (.+?), which conflicts", line):
            asked = re.search(r"─ (.+?), which cannot be installed", before[-1] if before else "")
            who = re.search(r"─ (.+?) would require", before[-2] if len(before) > 1 else "")
            if asked and who:
                return f"{who[1]} needs {asked[1]} ({found[1]}), which the other requirement excludes."
            return f"{found[1]} would be needed, which the other requirement excludes."
        before.append(line)
    return ""


def _of_channel(text: str, channels: Sequence[ChannelRef]) -> EnvironmentFailure:
    """A channel that could not be read."""
    guilty = next((ref for ref in sorted(channels, key=lambda r: -len(r.url)) if ref.url and ref.url in text), None)
    name = guilty.name if guilty else "a channel"
    reason = text.splitlines()[-1].removeprefix("Caused by: ") if text else "it did not answer"
    if guilty is not None and guilty.url.startswith("file://"):
        return EnvironmentFailure(
            f"{name} is not a channel that can be read",
            kind="channel",
            why=reason,
            hint="A channel is a folder with noarch/repodata.json: check the path, and index the folder.",
            details=text,
        )
    if "no usable repodata cache" in text:
        return EnvironmentFailure(
            f"channel {name} is not in the cache, and cbw is offline",
            kind="network",
            why=reason,
            hint="Run once with the network, or leave the channel out (-O, --override-channels).",
            details=text,
        )
    if "could not find subdir" in text:
        return EnvironmentFailure(
            f"there is no channel {name}",
            kind="channel",
            why=reason,
            hint="Correct its name or address, or leave it out.",
            details=text,
        )
    if "401 Unauthorized" in text or "403 Forbidden" in text:
        return EnvironmentFailure(
            f"channel {name} refuses the login" if guilty and guilty.credentials else f"channel {name} wants a login",
            kind="network",
            why=reason,
            hint="Write it into the channel's URL: https://user:password@server/channel or https://server/t/TOKEN/channel.",
            details=text,
        )
    return EnvironmentFailure(
        f"channel {name} could not be reached",
        kind="network",
        why=reason,
        hint="Check the network and the channel's address, or leave the channel out (-O, --override-channels).",
        details=text,
    )
