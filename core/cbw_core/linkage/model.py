"""What is found about linkage, as plain data: what each file needs, where that is, whose it is, if it is right.

A screen goes from a FileLinkage to its Needs, from a Need's Resolution to the owner, from its Verdict to the Change of
the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cbw_core.linkage.words import FINDINGS, VERDICTS

if TYPE_CHECKING:
    from cbw_core.errors import Place
    from cbw_core.objects import Binary, Failure, Needed

Where = Literal["package", "prefix", "build", "system", "nowhere"]


@dataclass(frozen=True)
class Resolution:
    """Where the loader finds a library.

    where: "package" (the one of the file itself), "prefix" (the environment), "build" (the build environment, gone
           after the build), "system", "nowhere".
    path:  relative to the prefix or the build prefix; absolute in the system; "" for nowhere.
    owner: dist of the package that has it; "" for none, or not known.
    by:    which rule found it ("RUNPATH $ORIGIN/../lib", "DT_RPATH of bin/tool", "ld.so.conf", "folder of the DLL").
    opened: the absolute path that the loader opens, links not followed.
    tried: the places where it was looked for in vain, in order, with why a file there does not do.
    """

    where: Where
    path: str = ""
    owner: str = ""
    by: str = ""
    opened: str = ""
    tried: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A line of the recipe to add or to remove. field: "requirements/run"; line: "- zlib"; place: where in the recipe
    (None where it is not at hand)."""

    action: Literal["add", "remove"]
    field: str
    line: str
    place: Place | None = None

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place else ""
        to = "to" if self.action == "add" else "from"
        return f"{self.action} `{self.line}` {to} {self.field}{where}"


@dataclass(frozen=True)
class Glob:
    """A pattern of the recipe that allows something. field: "build/missing_dso_whitelist"."""

    pattern: str
    field: str
    place: Place | None = None

    def __str__(self) -> str:
        return f"{self.pattern} in {self.field}" + (f" ({self.place})" if self.place else "")


@dataclass(frozen=True)
class Verdict:
    """word: one of `VERDICTS`; why: its reason. changes: what to do about it, the first is the usual one.
    allowed: the glob, of a whitelisted one."""

    word: str
    why: str = ""
    changes: tuple[Change, ...] = ()
    allowed: Glob | None = None

    @property
    def meaning(self) -> str:
        return VERDICTS[self.word]

    @property
    def is_finding(self) -> bool:
        return self.word in FINDINGS


@dataclass(frozen=True)
class Need:
    """A library that a file needs, where it is, and what is to be said of it."""

    needed: Needed
    resolution: Resolution
    verdict: Verdict

    @property
    def name(self) -> str:
        return self.needed.name


@dataclass(frozen=True)
class FileLinkage:
    """A program or library (one slice of a fat one). path: relative to the prefix; package: dist, "" for untracked.
    verdicts: about the file itself (absolute rpath)."""

    path: str
    package: str
    binary: Binary
    needs: tuple[Need, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def findings(self) -> tuple[Verdict, ...]:
        return tuple(v for v in (*self.verdicts, *(n.verdict for n in self.needs)) if v.is_finding)


@dataclass(frozen=True)
class PackageLinkage:
    """A package whose files were looked at. dist: "" for untracked files. run: its run requirements (names);
    verdicts: about those (overdepending)."""

    dist: str
    name: str
    run: tuple[str, ...] = ()
    files: tuple[FileLinkage, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True)
class Linkages:
    """What was found in one target. subject: as it was given; kind: "package", "prefix", "session", "folder", "file".

    prefix: the folder that paths are relative to. failures: files that could not be read. remarks: what a person should
    know first.
    """

    subject: str
    kind: str
    prefix: str = ""
    packages: tuple[PackageLinkage, ...] = ()
    failures: tuple[Failure, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[FileLinkage, ...]:
        return tuple(file for package in self.packages for file in package.files)

    def count(self) -> Mapping[str, int]:
        """How often each verdict was given, in the order of `VERDICTS`; those that were not are left out."""
        words = [v.word for p in self.packages for v in p.verdicts]
        words += [v.word for f in self.files for v in f.verdicts]
        words += [n.verdict.word for f in self.files for n in f.needs]
        return {word: words.count(word) for word in VERDICTS if word in words}


@dataclass(frozen=True)
class Owner:
    """A package whose files are judged.

    run:     names of its run requirements; None: not known, nothing is said about them.
    ignored: run requirements that are never overdepending (build/ignore_run_exports).
    allowed: globs for libraries (missing_dso_whitelist); ignored_files: for files left out
             (overlinking_ignore_patterns); rpaths: for files whose rpath may be absolute (runpath_whitelist).
    run_place: the recipe's line of requirements/run; places: run requirement -> its own line.
    glibc:   the oldest glibc that the run requirements allow ("2.17"), with its reason.
    at_hand: whether the packages it depends on are at hand.
    """

    dist: str
    name: str
    run: tuple[str, ...] | None = None
    ignored: tuple[str, ...] = ()
    allowed: Sequence[Glob] = ()
    ignored_files: Sequence[Glob] = ()
    rpaths: Sequence[Glob] = ()
    run_place: Place | None = None
    build_place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    glibc: tuple[str, str] | None = None
    at_hand: bool = True
