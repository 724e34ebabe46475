#!/usr/bin/env python3
"""Set cbw up in .venv and do one thing with it. Needs Python 3.11 or newer and nothing else.

python3 dev.py example   set up, then debug a real recipe (bsdiff4) until it is ready to build
python3 dev.py test      set up with the developers' tools, then check style, types, imports and run all tests
python3 dev.py check     the same
python3 dev.py setup     set up with the developers' tools only
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"


def say(text: str) -> None:
    print(
        f"\033[1m==> {text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else f"==> {text}",
        flush=True,
    )


def run(*argv: str | Path, env: dict[str, str] | None = None) -> None:
    """Run a command; its failure ends us with its status."""
    status = subprocess.run([str(a) for a in argv], cwd=ROOT, env={**os.environ, **(env or {})}, check=False).returncode
    if status:
        sys.exit(status)


def developers_tools() -> list[str]:
    import tomllib

    return list(tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"])


def setup(*, developer: bool) -> None:
    """Make .venv and install cbw into it; does nothing when that is done and pyproject.toml has not changed."""
    done = VENV / ".cbw-setup"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + str(sys.version_info).encode()).hexdigest()
    have = done.read_text().split() if done.exists() else []
    if have[:1] == [wanted] and (not developer or "developer" in have):
        say("cbw is set up in .venv")
        return
    if not PYTHON.exists():
        say("making .venv")
        try:
            run(sys.executable, "-m", "venv", VENV)
        except SystemExit:
            shutil.rmtree(VENV, ignore_errors=True)
            print("Python could not make a virtual environment: install its venv module (on Debian: python3-venv).")
            raise
    say("installing cbw" + (" and the developers' tools" if developer else "") + " (a minute or so)")
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *([] if sys.stdout.isatty() else ["-q"])]
    run(*pip, "-e", ROOT, *(developers_tools() if developer else []))
    done.write_text(f"{wanted} {'developer' if developer else ''}")


def example() -> None:
    setup(developer=False)
    say("fetching the sources of the example recipes")
    run(PYTHON, ROOT / "recipes-examples" / "fetch.py")
    say("cbw debug -c host recipes-examples/bsdiff4")
    run(BIN / "cbw", "debug", "--plain", "--override-channels", "-c", "host", ROOT / "recipes-examples" / "bsdiff4")
    say("next: paste the line above to look around, or `.venv/bin/cbw run test` to go on to a tested package")


def check() -> None:
    setup(developer=True)
    say("ruff")
    run(BIN / "ruff", "check", ".")
    run(BIN / "ruff", "format", "--check", ".")
    say("mypy --strict")
    run(BIN / "mypy")
    say("import-linter")
    run(BIN / "lint-imports")
    say("fetching the sources of the example recipes")
    run(PYTHON, ROOT / "recipes-examples" / "fetch.py")
    say("pytest")
    run(PYTHON, "-m", "pytest", "-n", str(os.cpu_count() or 2), "--dist", "loadgroup", "-q")


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (this file is what says so to an older one)
        sys.exit(f"cbw needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    verbs = {"example": example, "test": check, "check": check, "setup": lambda: setup(developer=True)}
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb not in verbs:
        sys.exit(__doc__)
    verbs[verb]()


if __name__ == "__main__":
    main()
