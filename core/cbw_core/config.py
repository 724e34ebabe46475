"""What the caller wants: folders, channels, options, from flags and the environment. Frozen; saved with a session."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from cbw_core.errors import UsageError
from cbw_core.platforms import native_subdir


@dataclass(frozen=True)
class RenderOptions:
    """Options that decide how a recipe is rendered, under conda-build's names. All are JSON-able, to be kept.

    variants: conda-build's --variants as a mapping; python, numpy, perl, r, lua: values of those flags.
    bootstrap: an environment's folder, whose packages become build requirements.
    host_platform: the platform packages are made for (--subdir / target_platform); None: the variant decides.
    environ: the CONDA_PY, CONDA_NPY, ... style variables and whatever `environ[...]` may read in a recipe. Not kept.
    """

    variant_config_files: tuple[str, ...] = ()
    exclusive_config_files: tuple[str, ...] = ()
    variants: Mapping[str, Any] = field(default_factory=dict)
    python: tuple[str, ...] = ()
    numpy: tuple[str, ...] = ()
    perl: tuple[str, ...] = ()
    r: tuple[str, ...] = ()
    lua: tuple[str, ...] = ()
    append_file: str | None = None
    clobber_file: str | None = None
    bootstrap: str | None = None
    host_platform: str | None = None
    no_code: bool = False
    no_source: bool = False
    finalize: bool = True


@dataclass(frozen=True)
class Config:
    """Everything else the engine needs to know. Build it with `Config.load`, change it with `dataclasses.replace`.

    croot:         sessions and built packages (conda-build's croot). Absolute.
    cache:         downloads, repodata, extracted packages, the host channel. Absolute.
    state:         what outlives a run and is not a cache: REPL history, the last session. Absolute.
    output_folder: where built packages go, an indexed channel; None: the croot.
    isolate:       build scripts run without a network (Linux).
    channel_priority: "strict", "flexible" or "disabled"; "": as .condarc says, else flexible.
    channels:      as written by the user with -c, highest priority first ("host", "local", names, URLs, paths).
    include_recipe, copy_test_files: whether packages hold info/recipe, and in info/test files of the sources.
    extra_meta:    added to `extra` of info/about.json. extra_deps: added to what test environments are solved for.
    long_test_prefix: the test prefix is padded to prefix_length, as the host prefix is.
    test_run_post: post-processing is done once more to what is installed to be tested.
    """

    croot: Path
    cache: Path
    state: Path
    output_folder: Path | None = None
    channels: tuple[str, ...] = ()
    override_channels: bool = False
    channel_priority: str = ""
    offline: bool = False
    build_platform: str = field(default_factory=native_subdir)
    render: RenderOptions = field(default_factory=RenderOptions)
    prefix_length: int = 255
    package_format: str = ".conda"
    compression_level: int = 16
    cpu_count: int | None = None
    activate: bool = True
    isolate: bool = False
    error_overlinking: bool = False
    test: bool = True
    include_recipe: bool = True
    copy_test_files: bool = True
    long_test_prefix: bool = True
    test_run_post: bool = False
    error_overdepending: bool = False
    extra_meta: Mapping[str, str] = field(default_factory=dict)
    extra_deps: tuple[str, ...] = ()

    @property
    def packages(self) -> Path:
        """The folder of built packages: a channel."""
        return self.output_folder or self.croot

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None, **changes: Any) -> Config:
        """Defaults from the environment: CBW_CROOT, CONDA_BLD_PATH, XDG_CACHE_HOME, XDG_STATE_HOME, CBW_CACHE."""
        env = os.environ if env is None else env
        home = Path(env.get("HOME") or Path.home())
        croot = env.get("CBW_CROOT") or env.get("CONDA_BLD_PATH") or str(home / "conda-bld")
        cache = env.get("CBW_CACHE") or str(Path(env.get("XDG_CACHE_HOME") or home / ".cache") / "cbw")
        state = str(Path(env.get("XDG_STATE_HOME") or home / ".local" / "state") / "cbw")
        values: dict[str, Any] = {"croot": Path(croot), "cache": Path(cache), "state": Path(state)}
        values.update({k: v for k, v in changes.items() if v is not None})
        for key in ("croot", "cache", "state", "output_folder"):
            if values.get(key) is not None:
                values[key] = Path(os.path.abspath(Path(values[key]).expanduser()))  # noqa: PTH100 (links stay)
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        for key in ("croot", "cache", "state", "output_folder"):
            data[key] = None if data[key] is None else str(data[key])
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Config:
        """The config that `to_json` wrote. Unknown keys (a newer version's) are a UsageError."""
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise UsageError(
                f"the session was made with settings this cbw does not know: {', '.join(unknown)}",
                kind="session",
                hint="Use the cbw it was made with, or make a new session.",
            )
        values = dict(data)
        values["render"] = RenderOptions(**{k: _tuples(v) for k, v in data["render"].items()})
        for key in ("channels", "extra_deps"):
            values[key] = tuple(data.get(key, ()))
        for key in ("croot", "cache", "state", "output_folder"):
            values[key] = None if values[key] is None else Path(values[key])
        return cls(**values)

    def with_render(self, **changes: Any) -> Config:
        return replace(self, render=replace(self.render, **changes))


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
