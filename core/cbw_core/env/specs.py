"""What a requirement written in a recipe means to conda-build, as a match spec the solver takes literally."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cbw_core.env.channels import ChannelRef
from cbw_core.errors import RecipeError

_OPERATOR = r"(?:~=|==|!=|<=|>=|<|>|=)"
# conda_build.utils.spec_ver_needing_star_re: a version that gets ".*"; spec_needing_star_re also lets _ and - through
_BARE_VERSION = re.compile(r"[0-9a-zA-Z][\w.-]*")
_NAME = re.compile(r"[\w.-]+")
_SPACED_OPERATOR = re.compile(rf"({_OPERATOR})\s+")
_SPACED_JOINT = re.compile(r"\s*([,|])\s*")


def match_spec(text: str, channels: Sequence[ChannelRef] = ()) -> str:
    """`text` as a match spec.

    `numpy 1.16` becomes `numpy 1.16.*` (conda_build.utils.ensure_valid_spec), with a channel before it too; a build
    string makes the version exact; `channel::name` names one of `channels`, or what such a name means to conda.
    Raises RecipeError(kind="spec") for what no conda reads, or reads as something else than it looks like.
    """
    channel, separator, rest = text.strip().rpartition("::")
    if "[" in rest:
        return _with_channel(channel if separator else "", rest, channels)
    rest = _SPACED_JOINT.sub(r"\1", _SPACED_OPERATOR.sub(r"\1", rest))
    if "@" in rest or rest.endswith((".conda", ".tar.bz2")) or "://" in rest:
        raise _refused(text, "a requirement names a package, not a file or a URL", "Write its name and version.")
    name, version, build, *more = [*rest.split(), "", "", ""]
    head = re.split(r"[<>=!~]", name, maxsplit=1)[0]
    if not _NAME.fullmatch(head):
        raise _refused(text, f"{head!r} is no package name", "Write `name`, `name version` or `name version build`.")
    if any(more):
        raise _refused(text, "it has more than a name, a version and a build string", "Join versions: `foo >=1.2,<2`.")
    if build and build[0] in "<>=!~":
        raise _refused(
            text,
            f"after a space, {build!r} stands where the build string stands",
            f"Write `{name} {version},{build}`.",
        )
    if version and name != head:
        if version[0] in "<>=!~":
            hint = f"Write `{head} {name[len(head) :]},{version}`."
            raise _refused(text, f"{version!r} stands where the build string stands", hint)
        return _with_channel(channel, f"{name} {version}", channels)
    if version == "x.x":
        why = f"`x.x` takes its version from the variant, and the variant has no {name}"
        raise _refused(text, why, f"Add {name} to conda_build_config.yaml.")
    for part in (version or name[len(head) :]).replace("|", ",").split(","):
        if part in ("=", "==", "<", ">") or part.startswith(("===", "^")) or re.search(r"\*\.\w", part):
            raise _refused(text, f"{part!r} is no version", "Write one of 1.2, 1.2.*, >=1.2, ==1.2.3, !=1.2.3, ~=1.2.")
    if version and not build and _BARE_VERSION.fullmatch(version):
        version += ".*"
    return _with_channel(channel, " ".join(part for part in (name, version, build) if part), channels)


def _with_channel(channel: str, spec: str, channels: Sequence[ChannelRef]) -> str:
    """Our own names of channels ("local", "host", folders) as the URL the solver knows them by."""
    if not channel:
        return spec
    known = next((ref.url for ref in channels if ref.name == channel and ref.url), None)
    return f"{known or channel}::{spec}"


def _refused(text: str, why: str, hint: str) -> RecipeError:
    return RecipeError(f"the requirement {text!r} cannot be read", kind="spec", why=why, hint=hint)


def name_of(text: str) -> str:
    """The package a requirement is about, in lower case; "" when there is none."""
    found = re.match(r"[\w.-]+", text.strip().rpartition("::")[2])
    return found[0].lower() if found else ""
