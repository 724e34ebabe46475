"""What commands give back: plain data that `views` draw and `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from cbw_core.build import Variable
    from cbw_core.env import CachedPackage
    from cbw_core.errors import CbwError, Place
    from cbw_core.inspect import Comparison, EnvDiff, Environment, Explained, HashInputs, Why
    from cbw_core.inspect.linkages import Branch, Way
    from cbw_core.linkage import Linkages
    from cbw_core.render.output import Output
    from cbw_core.session import PatchWritten, PhaseStatus, ScriptKept, SessionInfo, SessionStatus

Form: TypeAlias = Literal["tree", "explain", "output", "yaml"]


@dataclass(frozen=True)
class Text:
    """Text to be shown as it is: help, a completion script."""

    text: str


@dataclass(frozen=True)
class RenderedRecipe:
    """One recipe rendered, or refused. skipped: (what, why) of each skipped output or variant. explained: why, for each
    output, where that was asked."""

    recipe: str
    outputs: tuple[Output, ...] = ()
    skipped: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    error: CbwError | None = None
    explained: tuple[Explained, ...] = ()


@dataclass(frozen=True)
class HashReport:
    """Hash inputs of recipes' outputs and packages, in the order given; for two arguments what differs between them.

    unmatched: dists of either that have no counterpart in the other.
    """

    inputs: tuple[HashInputs, ...]
    comparisons: tuple[Comparison, ...] = ()
    unmatched: tuple[str, ...] = ()
    compared: bool = False


@dataclass(frozen=True)
class LinkageReport:
    """What targets need of libraries. groupby, show_files: how a person wants to see it. trees: of each target, where
    asked for; ways: from one file to a library (`asked`: which). errors: (target, why it could not be looked at)."""

    targets: tuple[Linkages, ...]
    groupby: Literal["package", "dependency"] = "package"
    show_files: bool = False
    trees: tuple[tuple[Branch, ...], ...] = ()
    asked: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    errors: tuple[tuple[str, CbwError], ...] = ()


@dataclass(frozen=True)
class ContentsReport:
    """What targets hold: Objects, Files, PackageInfo, ChannelPackages or PrefixLengths, in the order given.

    symbols: show those of objects; places: show where the prefix stands, file by file; least: the length asked for.
    errors: (target, why it could not be looked at).
    """

    found: tuple[object, ...]
    symbols: bool = False
    places: bool = False
    least: int = 0
    errors: tuple[tuple[str, CbwError], ...] = ()


@dataclass(frozen=True)
class DiffReport:
    """What differs: PackageDiffs or ChannelDiffs. brief: only name it; twice: of one recipe built twice."""

    found: tuple[object, ...]
    brief: bool = False
    twice: bool = False


@dataclass(frozen=True)
class RenderReport:
    """Recipes in the order given. form: how a person wants to see them. packages: the folder built packages go to."""

    recipes: tuple[RenderedRecipe, ...]
    form: Form = "tree"
    packages: str = ""
    package_format: str = ".conda"
    written: str | None = None


@dataclass(frozen=True)
class DebugReady:
    """A session prepared for a person. mode: "recipe" (build and host environments) or "package" (test environment).

    activation: the line to paste into bash. source_tree: the work folder, None for a package. script: the file the hint
    tells to run, None when there is none. only: show the activation line alone.
    """

    session: SessionStatus
    mode: Literal["recipe", "package"]
    activation: str
    source_tree: str | None = None
    script: str | None = None
    only: bool = False


@dataclass(frozen=True)
class Resources:
    """What builds and tests took: seconds in all, seconds of CPU; bytes of memory (the largest process) and of disk
    (work and test folders)."""

    seconds: float
    cpu_user: float
    cpu_sys: float
    rss: int
    disk: int


@dataclass(frozen=True)
class BuildReport:
    """Sessions as `build` left them, in build order; what was skipped; packages made; errors of recipes with -k;
    what it all took of the machine."""

    sessions: tuple[SessionStatus, ...]
    packages: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    errors: tuple[CbwError, ...] = ()
    resources: Resources | None = None


@dataclass(frozen=True)
class ListedTest:
    """A test of a package. kind: "imports", "commands" or the name of a script; place: where the recipe says it;
    outcome: "passed", "failed", "not run"; command: what runs it in the test environment, "" where that is not made."""

    number: int
    kind: str
    text: str
    place: str = ""
    outcome: str = "not run"
    command: str = ""

    __test__ = False


@dataclass(frozen=True)
class TestList:
    """The tests of a package, in the order they are run; session: its folder, "" without one."""

    dist: str
    tests: tuple[ListedTest, ...]
    session: str = ""

    __test__ = False


@dataclass(frozen=True)
class StatusReport:
    """The session asked for, and the group of its recipe's outputs (itself among them)."""

    session: SessionStatus
    group: tuple[SessionStatus, ...] = ()


@dataclass(frozen=True)
class PhaseReport:
    """What `step`, `run`, `rerun` or `rewind` did: the phases that ran, and the session afterwards."""

    ran: tuple[PhaseStatus, ...]
    session: SessionStatus
    note: str = ""


@dataclass(frozen=True)
class PatchReport:
    """A patch of the recipe written, and the session it was made in."""

    patch: PatchWritten
    session: SessionStatus


@dataclass(frozen=True)
class KeptReport:
    """Edits of conda_build.sh written into the recipe, and the session they were made in."""

    script: ScriptKept
    session: SessionStatus


@dataclass(frozen=True)
class SessionList:
    sessions: tuple[SessionInfo, ...]
    current: str | None = None
    croot: str = ""


@dataclass(frozen=True)
class LogText:
    """A phase's log."""

    phase: str
    path: str
    text: str


@dataclass(frozen=True)
class Using:
    """The session that is now the current one."""

    session: SessionStatus


@dataclass(frozen=True)
class Purged:
    paths: tuple[str, ...]
    croot: str = ""


@dataclass(frozen=True)
class EnvironmentReport:
    environments: tuple[Environment, ...]


@dataclass(frozen=True)
class WhyReport:
    """How a package came into each of the environments asked about."""

    found: tuple[Why, ...]


@dataclass(frozen=True)
class LockWritten:
    """An explicit file of an environment."""

    file: str
    environment: str
    subject: str
    packages: int


@dataclass(frozen=True)
class EnvChanged:
    """What a change made of an environment. saved: the lines of the recipe that have it now (or had it)."""

    environment: str
    change: str
    difference: EnvDiff
    saved: tuple[Place, ...] = ()


@dataclass(frozen=True)
class EnvVariables:
    """The variables of "build" or "test". caller: the environment to hold them against; None: not asked for."""

    phase: str
    subject: str
    variables: tuple[Variable, ...]
    caller: Mapping[str, str] | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class CacheReport:
    """The cache of extracted packages, each held against its own list of files."""

    folder: str
    packages: tuple[CachedPackage, ...]

    @property
    def damaged(self) -> tuple[CachedPackage, ...]:
        return tuple(package for package in self.packages if package.problems)


@dataclass(frozen=True)
class ShellEnded:
    """A shell or a command run in a session's environment came to its end."""

    status: int
    command: str | None = None


@dataclass(frozen=True)
class Settings:
    """What cbw goes by: every field of Config, and where the value comes from where it is known."""

    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FailedAsExpected:
    """What `fails COMMAND` saw: the command's exit status, and its error where it ended with one."""

    status: int
    error: CbwError | None = None
    value: object | None = None


@dataclass(frozen=True)
class Asserted:
    """An assertion that holds."""

    what: str


@dataclass(frozen=True)
class ScriptOption:
    """`set -e` / `set +e`: whether a script ends at its first failure."""

    stop_at_failure: bool


@dataclass(frozen=True)
class Leave:
    """`quit`: the face is to end, with this exit status (None: that of the last failure)."""

    status: int | None = None
