"""The rendering a session stands on: made once for all outputs of a recipe, kept beside the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbw_core.errors import Place, RecipeError, UsageError
from cbw_core.render.output import Output
from cbw_core.session import blame
from cbw_core.session.disk import digests, jsonfile
from cbw_core.source import sources

if TYPE_CHECKING:
    from cbw_core.config import Config
    from cbw_core.events import Sink
    from cbw_core.process import Cancel
    from cbw_core.render import Rendered

# files whose appearance changes a rendering that did not read them
_OPTIONAL_FILES = ("conda_build_config.yaml", "recipe_append.yaml", "recipe_clobber.yaml")


@dataclass(frozen=True)
class Rendering:
    """What `render_recipe` said, as kept on disk. skipped: rows of {"name", "why", "variant"}. chosen: which of `all` a
    session works on; None while nobody has chosen."""

    recipe_file: str
    outputs: tuple[Output, ...]
    toplevel: tuple[Output, ...]
    skipped: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]
    files_read: tuple[str, ...]
    chosen: int | None = None

    def choosing(self, output: Output | None) -> Rendering:
        """The same for a session that works on `output`, one of `all`; for nobody's when None."""
        if output is None:
            return replace(self, chosen=None)
        return replace(self, chosen=next(n for n, one in enumerate(self.all) if one is output or one == output))

    @property
    def all(self) -> tuple[Output, ...]:
        return (*self.outputs, *self.toplevel)


def render(recipe: Path, config: Config, *, sink: Sink, cancel: Cancel, environ: Mapping[str, str]) -> Rendering:
    """Render a recipe (finalized unless the config says not) with the channels of `config`."""
    from cbw_core.env import ChannelResolver
    from cbw_core.render import render_recipe

    resolver = ChannelResolver(config, sink=sink, cancel=cancel, environ=environ) if config.render.finalize else None
    with sources(config, sink=sink, cancel=cancel) as made, blame.while_rendering():
        return of_rendered(
            render_recipe(recipe, config, resolver=resolver, sources=made, sink=sink, environ=environ, cancel=cancel)
        )


def of_rendered(rendered: Rendered) -> Rendering:
    """What is kept of it on disk."""
    return Rendering(
        recipe_file=str(rendered.recipe_file),
        outputs=rendered.outputs,
        toplevel=rendered.toplevel,
        skipped=tuple(asdict(row) for row in rendered.skipped),
        warnings=rendered.warnings,
        files_read=rendered.files_read,
    )


def inputs(rendering: Rendering, options: Mapping[str, Any]) -> dict[str, str]:
    """What it was made from, name -> digest of that now: the files that were read, and those that would be if they
    appeared. options: Config.to_json()."""
    folder = Path(rendering.recipe_file).parent
    paths = {*rendering.files_read, rendering.recipe_file, *(str(folder / name) for name in _OPTIONAL_FILES)}
    found = {_named(path, folder): digests.of_file(path) for path in sorted(paths)}
    return {**found, "options": digests.of_data(options)}


def _named(path: str, folder: Path) -> str:
    try:
        return str(Path(path).relative_to(folder))
    except ValueError:
        return path


def write(path: Path, rendering: Rendering) -> None:
    """Keep a rendering; a reader sees the old one or the new one."""
    data = asdict(rendering)
    data["outputs"] = [output.to_json() for output in rendering.outputs]
    data["toplevel"] = [output.to_json() for output in rendering.toplevel]
    jsonfile.write(path, data)


def read(path: Path) -> Rendering:
    """Raises UsageError(kind="session") when it is gone or damaged."""
    data = _data(path)
    return Rendering(
        recipe_file=data["recipe_file"],
        outputs=tuple(Output.from_json(row) for row in data["outputs"]),
        toplevel=tuple(Output.from_json(row) for row in data["toplevel"]),
        skipped=tuple(data["skipped"]),
        warnings=tuple(data["warnings"]),
        files_read=tuple(data["files_read"]),
        chosen=data["chosen"],
    )


def read_chosen(path: Path) -> Output:
    """Only the output that a session works on."""
    data = _data(path)
    return Output.from_json([*data["outputs"], *data["toplevel"]][data["chosen"]])


def _data(path: Path) -> Any:
    data = jsonfile.read(path)
    if data is None:
        raise UsageError(
            f"{path.name} of the session is gone: it no longer knows what its recipe was rendered to",
            kind="session",
            place=Place(str(path)),
            hint="Make a new session with `cbw debug`; this one's work folder is left as it is.",
        )
    return data


def again(rendering: Rendering, before: Output) -> Output:
    """The output of a new rendering that `before` was in an old one: same name, nearest variant.

    Raises RecipeError(kind="output-gone") when the recipe makes it no more.
    """
    found = nearest(rendering, before)
    if found is not None:
        return found
    skipped = [row for row in rendering.skipped if row.get("name") == before.name]
    raise RecipeError(
        f"the recipe no longer makes {before.name}",
        kind="output-gone",
        why=str(skipped[0]["why"]) if skipped else "its name is not among the outputs that were rendered",
        hint="Undo the change, or start again with `cbw debug`.",
        details="\n".join(o.dist for o in rendering.outputs) or None,
    )


def nearest(rendering: Rendering, before: Output) -> Output | None:
    """The same, None when there is none."""

    def likeness(output: Output) -> tuple[bool, int, int]:
        used = set(before.used_vars) | set(output.used_vars)
        every = set(before.variant) | set(output.variant)  # a version may be all that a variable decides
        equal = [sum(output.variant.get(k) == before.variant.get(k) for k in keys) for keys in (used, every)]
        return output.dist == before.dist, equal[0], equal[1]

    same = [o for o in rendering.all if o.name == before.name and o.is_toplevel == before.is_toplevel]
    return max(same, key=likeness, default=None)
