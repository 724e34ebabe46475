"""The words of verdicts, each with its meaning: defined here and in docs/linkage.md (a test holds them together)."""

from __future__ import annotations

VERDICTS = {
    "ok": "the library is in the package itself, or in a package that its run requirements name",
    "system": "the operating system has it, on every machine the package is for",
    "whitelisted": "it would be a finding, but a glob of the recipe allows it",
    "overlinked": "the library's package is in the environment, but not among the run requirements",
    "overdepending": "a run requirement has libraries, and no file of the package needs any of them",
    "missing": "no package at hand and no system has it where the loader looks, or not with the symbols' versions",
    "absolute rpath": "the loader is told to look in a folder outside the prefix, by its absolute path",
    "untracked": "it is in the prefix, in a file that no package owns",
    "unknown": "the packages that could have it are not at hand",
}

FINDINGS = ("overlinked", "overdepending", "missing", "absolute rpath", "untracked")
"""The verdicts that ask somebody to do something."""
