"""The options commands share, under conda-build's names. What they mean for the engine is in `settings`."""

from __future__ import annotations

import argparse

from cbw_workbench.commands.command import Arg
from cbw_workbench.commands.parser import RefusedOption


def refused(*names: str, why: str = "", hint: str = "") -> Arg:
    """An option of conda-build's that is refused by name, whatever its value."""
    return Arg(names, argparse.SUPPRESS, {"action": RefusedOption, "nargs": "?", "const": (why, hint)})


def accepted(*names: str, why: str, value: bool = False) -> Arg:
    """An option of conda-build's that changes nothing here: accepted, so that old command lines work."""
    options = {"dest": "_accepted", "default": argparse.SUPPRESS}
    if not value:
        options["action"] = "store_true"
    return Arg(names, f"accepted, without effect: {why}", options)


CROOT = Arg(
    ("--croot",),
    "folder of sessions and built packages (default: $CBW_CROOT, $CONDA_BLD_PATH or ~/conda-bld)",
    {"metavar": "DIR"},
    "path",
)

CHANNELS = (
    Arg(
        ("-c", "--channel"),
        "channel to take packages from, may be repeated, the first is preferred: a name, URL, folder, `local`, or "
        "`host` (made from this machine's own python and compilers)",
        {"action": "append", "metavar": "CHANNEL"},
        "path",
    ),
    Arg(("-O", "--override-channels"), "take packages from the given channels only", {"action": "store_true"}),
    Arg(
        ("--channel-priority",),
        "whether a package may come from a later channel than the first that has its name: never (strict), where there "
        "is no other solution (flexible), always (disabled); default: what .condarc says, else flexible",
        {"choices": ("strict", "flexible", "disabled")},
    ),
    Arg(("--use-local",), "the same as -c local", {"action": "store_true"}),
    Arg(("--offline",), "use what is cached, ask no network", {"action": "store_true"}),
    accepted("--no-lock", "--no-locking", why="locks here are short and per file"),
    accepted("--use-channeldata", why="run_exports are read from wherever they are quickest to read"),
    Arg(("--repodata-fn",), argparse.SUPPRESS, {"action": "append", "metavar": "NAME"}),
)

VARIANTS = (
    Arg(
        ("-m", "--variant-config-files"),
        "further conda_build_config.yaml, may be repeated",
        {"action": "append", "metavar": "FILE"},
        "path",
    ),
    Arg(
        ("-e", "--exclusive-config-files", "--exclusive-config-file"),
        "conda_build_config.yaml to use instead of those in the home and current folders, may be repeated",
        {"action": "append", "metavar": "FILE"},
        "path",
    ),
    Arg(
        ("--variants",),
        'further variants as a YAML mapping, such as "{python: [3.11, 3.12]}"',
        {"metavar": "YAML"},
    ),
    *(
        Arg(
            (f"--{name}",),
            f"version of {name}, may be repeated",
            {"action": "append", "metavar": "VERSION", "dest": dest},
        )
        for name, dest in (("python", "python"), ("numpy", "numpy"), ("perl", "perl"), ("R", "r"), ("lua", "lua"))
    ),
    Arg(("--append-file",), "add this file's fields to meta.yaml", {"metavar": "FILE"}, "path"),
    Arg(("--clobber-file",), "let this file's fields replace those of meta.yaml", {"metavar": "FILE"}, "path"),
    Arg(("--subdir", "--platform"), "platform to make packages for (default: this machine's)", {"metavar": "SUBDIR"}),
    Arg(("-n", "--no-source"), "do not fetch the source to complete the templates", {"action": "store_true"}),
    Arg(("--no-code",), "refuse recipes whose templates must run code (load_setup_py_data)", {"action": "store_true"}),
)

CACHE_DIR = Arg(
    ("--cache-dir",),
    "folder of downloads and other caches (default: $CBW_CACHE or ~/.cache/cbw)",
    {"metavar": "DIR"},
    "path",
)

PATHS = (
    CACHE_DIR,
    Arg(
        ("--output-folder",),
        "folder for built packages, an indexed channel (default: the croot)",
        {"metavar": "DIR"},
        "path",
    ),
    Arg(("--prefix-length",), "length of the host prefix (default: 255)", {"type": int, "metavar": "N"}),
    Arg(("--no-activate",), "put environments on PATH without activating them", {"action": "store_true"}),
)

ISOLATE = Arg(
    ("--isolate",),
    "run build scripts without a network, but for the loopback device (Linux)",
    {"action": "store_true"},
)

QUIET = Arg(("-q", "--quiet"), "show warnings and errors only", {"action": "store_true"})

EXTRA_DEPS = Arg(
    ("--extra-deps",),
    "packages to test with, beside those of test/requires (a package's tests only)",
    {"nargs": "+", "metavar": "SPEC"},
)

NOT_HASHED = refused("--old-build-string", why="build strings always carry the hash")
BOOTSTRAP = Arg(
    ("--bootstrap",),
    "add the packages of this environment (its name or folder) to the build requirements",
    {"metavar": "ENV"},
    "path",
)

RENDERING = (*VARIANTS, *CHANNELS, CROOT)

SESSION = (
    Arg(("--session",), "the session: its folder, or its name under the croot", {"metavar": "PATH"}, "session"),
    CROOT,
)
RECIPE = Arg(
    ("recipe",),
    "take the last session of this recipe (default: the last session)",
    {"nargs": "?", "metavar": "RECIPE"},
    "recipe",
)
