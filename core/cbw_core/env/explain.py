"""From what the solver or a channel said to an error a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbw_core.env.channels import ChannelRef, redact
from cbw_core.errors import CbwError, EnvironmentFailure, RecipeError


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
    from cbw_core.env.conflict import conflict

    return conflict(text, answer["why"], env=env, platform=platform, written=written, channels=channels)


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
