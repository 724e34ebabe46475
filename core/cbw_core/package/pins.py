"""`build/pin_depends`: the run requirements as they were solved when the package was built."""

from __future__ import annotations

from cbw_core.config import Config
from cbw_core.errors import RecipeError
from cbw_core.events import Sink
from cbw_core.post.recipe import build_field, place_of
from cbw_core.process import Cancel
from cbw_core.render.output import Output

_HEAD = """\
# This file as created when building:
#
#     {dist}  (on '{subdir}')
#
# It can be used to create the runtime environment of this package using:
# $ conda create --name <env> --file <this file>
"""


def pinned(output: Output, config: Config, *, sink: Sink, cancel: Cancel) -> tuple[list[str] | None, str]:
    """The dependencies for index.json (None: the usual ones) and the text of info/requires (empty: none).

    conda_build.build.write_info_json: "strict" was pinned by rendering, "record" solves the run environment now.
    Raises RecipeError for another word; EnvironmentFailure(kind="solve").
    """
    kind = build_field(output, "pin_depends")
    if not kind:
        return None, ""
    if kind == "strict":
        depends: list[str] | None = list(output.requirements.run)
        found = list(output.requirements.run)
    elif kind == "record":
        from cbw_core.env import ChannelResolver

        resolver = ChannelResolver(config, sink=sink, cancel=cancel)
        try:
            solved = resolver.solve(output.requirements.run, output.host_subdir, env="run")
        finally:
            resolver.close()
        depends, found = None, [f"{package.name} {package.version} {package.build}" for package in solved]
    else:
        raise RecipeError(
            f"build/pin_depends: {kind} is not known",
            kind="package",
            place=place_of(output, "pin_depends", str(kind)),
            hint="It is record or strict.",
        )
    lines = sorted([*found, " ".join(output.dist.rsplit("-", 2))])
    head = _HEAD.format(dist=output.dist, subdir=output.build_subdir)
    return depends, head + "".join("=".join(line.split()) + "\n" for line in lines)
