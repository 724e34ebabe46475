"""What post-processing found out, for packaging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cbw_core.events import Verdict


@dataclass(frozen=True)
class PostResult:
    """The files of a package and what an installer must know of them. Paths are relative to the host prefix, with "/".

    files:        what to package, sorted.
    targets:      where a file goes in the package, for those that do not keep their path (`noarch: python`).
    prefix_files: files that hold the prefix -> (the text to replace at installation, "text" or "binary").
    no_link:      files to be copied, not linked, at installation (`build/no_link`).
    entry_points: "command = module:function", when the installer is to make them (info/link.json).
    missing:      files of dependencies that the build deleted.
    verdicts:     findings about linkage.
    warnings:     what a person should know, one line each.
    """

    files: tuple[str, ...]
    targets: Mapping[str, str] = field(default_factory=dict)
    prefix_files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    no_link: tuple[str, ...] = ()
    entry_points: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    warnings: tuple[str, ...] = ()

    def target(self, path: str) -> str:
        """Where `path` goes in the package."""
        return self.targets.get(path, path)

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data; `PostResult.from_json` gives an equal result back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PostResult:
        return cls(
            files=tuple(data["files"]),
            targets=dict(data["targets"]),
            prefix_files={path: (row[0], row[1]) for path, row in data["prefix_files"].items()},
            no_link=tuple(data["no_link"]),
            entry_points=tuple(data["entry_points"]),
            missing=tuple(data["missing"]),
            verdicts=tuple(Verdict(**row) for row in data["verdicts"]),
            warnings=tuple(data["warnings"]),
        )
