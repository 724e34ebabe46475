"""Compiles the .py files below a folder to __pycache__, the same bytes each time. Run by the packed interpreter itself.

    python -S -s _compile.py FOLDER WORKERS        (with PYTHONHASHSEED=0)

The compiled files carry the hash of their source, not its time (PEP 552, checked): an install may copy files or give
them new times, and a person may edit them, without a stale or needlessly rewritten .pyc. A file that does not
compile is left out, as compileall does.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

_CHECKED = 0b11


def targets(folder: Path) -> Iterator[Path]:
    """The .py files below `folder`, always in the same order."""
    for root, dirs, names in os.walk(folder):
        dirs[:] = sorted(d for d in dirs if d != "__pycache__")
        for path in (Path(root, name) for name in sorted(names)):
            if path.suffix == ".py" and not path.is_symlink():
                yield path


def compile_one(path: Path, shown: str) -> None:
    """Write the .pyc of `path`; `shown` is the file name that tracebacks give until an import corrects it."""
    source = path.read_bytes()
    try:
        code = compile(source, shown, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return
    cache = Path(importlib.util.cache_from_source(str(path)))
    cache.parent.mkdir(parents=True, exist_ok=True)
    head = importlib.util.MAGIC_NUMBER + _CHECKED.to_bytes(4, "little")
    cache.write_bytes(head + importlib.util.source_hash(source) + marshal.dumps(code))


def main(folder: Path, workers: int) -> int:
    """Compile everything in `workers` processes; the exit status."""
    warnings.simplefilter("ignore")
    paths = list(targets(folder))
    children = []
    for worker in range(workers):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                # Each file has its worker: what a worker did before must not differ from run to run.
                for path in paths[worker::workers]:
                    compile_one(path, str(path.relative_to(folder)))
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    ends = [os.waitpid(child, 0)[1] for child in children]
    return int(any(ends))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
