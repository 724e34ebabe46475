"""How long the linkages of a whole prefix take: 1,000 ELF files and 20,000 others, in 100 packages.

    python benchmarks/inspect.py [--elf N] [--others N] [--conda-build PYTHON] [--keep FOLDER]

`cbw inspect linkages PREFIX` started anew, beside `readelf -d` over the same ELF files already found: as one process
for each file, and as one for all. --conda-build: a python that has conda-build; its `inspect linkages --all` on the
same prefix (slow: one run). Ends with status 1 when a figure is over its bound: twice readelf run file by file, a
twentieth of conda-build. Ratios are of processor time: what else the machine does counts less.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PACKAGES = 100
RUNS = 3
OURS = ("-c", "from cbw_workbench.cli.main import main; main()", "inspect", "linkages")
THEIRS = (
    "import sys; from conda_build import api; "
    "print(len(api.inspect_linkages([], prefix=sys.argv[1], all_packages=True)))"
)


def best(times: int, work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of processor time of the programs run, the least of each."""
    found, spent = [], []
    for _ in range(times):
        used, begun = sum(os.times()[2:4]), time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
        spent.append(sum(os.times()[2:4]) - used)
    return min(found), min(spent)


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")


def make(prefix: Path, elf: int, others: int) -> list[str]:
    """Libraries that need one another, one a package's first, and files of text and data beside them."""
    (prefix / "lib").mkdir(parents=True)
    (prefix / "conda-meta").mkdir()
    source = prefix / "x.c"
    source.write_text("".join(f"int f{n}(int x) {{ return x * {n}; }}\n" for n in range(200)))
    compiled = prefix / "x.o"
    run("gcc", "-fPIC", "-c", "-o", str(compiled), str(source))
    made: list[str] = []
    for number in range(elf):
        name = f"lib/libx{number}.so.1"
        needs = [str(prefix / made[n]) for n in range(max(0, number - 3), number)]
        flags = ("-shared", "-Wl,--no-as-needed", "-Wl,-rpath,$ORIGIN", f"-Wl,-soname,libx{number}.so.1")
        run("gcc", "-nostartfiles", *flags, "-o", str(prefix / name), str(compiled), *needs)
        made.append(name)
    source.unlink()
    compiled.unlink()
    rest = []
    for number in range(others):
        suffix = (".py", ".h", ".txt", ".pyc", "", ".dat")[number % 6]
        path = f"share/p{number % PACKAGES}/d{number % 7}/f{number}{suffix}"
        (prefix / path).parent.mkdir(parents=True, exist_ok=True)
        (prefix / path).write_bytes(b"some text, some data\n" * (number % 60))
        rest.append(path)
    for number in range(PACKAGES):
        files = made[number::PACKAGES] + rest[number::PACKAGES]
        record = {
            "name": f"p{number}", "version": "1.0", "build": "0", "build_number": 0, "files": files, "channel": "x",
            "depends": [f"p{(number + n) % PACKAGES}" for n in range(-3, 0)], "subdir": "linux-64",
            "fn": f"p{number}-1.0-0.conda", "url": f"file:///x/linux-64/p{number}-1.0-0.conda",
        }  # fmt: skip
        (prefix / "conda-meta" / f"p{number}-1.0-0.json").write_text(json.dumps(record))
    (prefix / "conda-meta" / "history").write_text("")
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elf", type=int, default=1000)
    parser.add_argument("--others", type=int, default=20_000)
    parser.add_argument("--conda-build", metavar="PYTHON")
    parser.add_argument("--keep", type=Path, help="make the prefix there, or use the one that is there")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cbw-bench-"))
    prefix = args.keep or folder / "env"
    try:
        if prefix.is_dir():
            made = [f"lib/{path.name}" for path in (prefix / "lib").iterdir()]
        else:
            made = make(prefix, args.elf, args.others)
        files = [str(prefix / path) for path in made]
        ours = best(RUNS, lambda: run(sys.executable, *OURS, str(prefix)))
        each = best(RUNS, lambda: [run("readelf", "-d", file) for file in files])
        at_once = best(RUNS, lambda: run("readelf", "-d", *files))
        print(f"{len(files)} ELF files              clock  processor (s)")
        print(f"cbw inspect linkages        {ours[0]:6.2f} {ours[1]:6.2f}")
        print(f"readelf -d, file by file    {each[0]:6.2f} {each[1]:6.2f}  ratio {ours[1] / each[1]:.2f}, bound 2")
        print(f"readelf -d, all at once     {at_once[0]:6.2f} {at_once[1]:6.2f}")
        bad = ours[1] > 2 * each[1]
        if args.conda_build:
            theirs = best(1, lambda: run(args.conda_build, "-c", THEIRS, str(prefix)))
            times = theirs[1] / ours[1]
            print(f"conda-build                 {theirs[0]:6.2f} {theirs[1]:6.2f}  {times:.0f} times as long, bound 20")
            bad |= times < 20
        return int(bad)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
