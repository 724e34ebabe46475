#!/usr/bin/env python3
"""How long packing a large prefix and searching it for the prefix take, beside the programs `zstd` and `grep`.

usage: benchmarks/package.py [--files N] [--size MB] [--level N] [--threads N] [--rounds N] [--folder DIR]
                             [--max-pack X] [--max-search X] [--only pack|search]

Makes a host prefix of N files (20,000) of SIZE bytes in all (1000 MB): text, machine code cut from this machine's own
programs, and data that does not compress; some of each hold the prefix.
  search  `post.prefixes.find` over it, beside `grep -rlF PREFIX`.
  pack    `package.create`: info/ (a hash of every file among it) and the .conda, beside `zstd -LEVEL -TTHREADS` of a
          tar that holds the same files.
Each pair is run in turn, and the best of --rounds counts. Prints seconds and CPU seconds of both, and the ratio of the
seconds. Ends with status 1 where a ratio is above --max-pack (1.15) or --max-search (2).
Takes about four times SIZE of disk, in --folder (default: the folder of temporary files), and removes it afterwards.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder: its inspect.py and trace.py are not Python's own

import argparse
import os
import random
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

from cbw_core.config import Config
from cbw_core.events import silent
from cbw_core.layout import Layout
from cbw_core.package import create
from cbw_core.post import PostResult, prefixes
from cbw_core.process import Cancel
from cbw_core.render.output import Output

MB = 1_000_000
_TEXT = (
    "import return def class self None True False for in if else not raise from with as yield lambda path name value "
    "result version index files output prefix build package channel install update remove config default"
)


def main() -> int:
    options = parse()
    folder = Path(tempfile.mkdtemp(prefix="cbw-benchmark-", dir=options.folder))
    try:
        return measure(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=1000, help="MB")
    parser.add_argument("--level", type=int, default=16)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=1, help="rounds of packing (searching takes three times as many)")
    parser.add_argument("--folder", help="where to work")
    parser.add_argument("--max-pack", type=float, default=1.15)
    parser.add_argument("--max-search", type=float, default=2.0)
    parser.add_argument("--only", choices=("pack", "search"))
    return parser.parse_args()


def measure(options: argparse.Namespace, folder: Path) -> int:
    layout = Layout(folder / "session")
    config = Config.load(croot=folder, compression_level=options.level, cpu_count=options.threads)
    files = fill(layout.host_prefix, options.files, options.size * MB)
    output = recipe(folder / "recipe")
    total = sum((layout.host_prefix / file).stat().st_size for file in files)
    print(f"{len(files)} files, {total / MB:.0f} MB, level {options.level}, {options.threads} threads", flush=True)
    found: dict[str, tuple[str, str]] = {}
    wrong = False
    if options.only != "pack":

        def search() -> None:
            found.update(_find(output, layout, files))

        def grep() -> None:
            argv = ["grep", "-rlF", str(layout.host_prefix), str(layout.host_prefix)]
            subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)

        wrong |= compare("search", search, "grep -rlF", grep, options.rounds * 3) > options.max_search
    if options.only != "search":
        post = PostResult(tuple(files), prefix_files=found or _find(output, layout, files))
        tar = folder / "all.tar"
        _tar(layout.host_prefix, files, tar)

        def pack() -> None:
            create(output, layout, config, post, folder=folder / "packages", sink=silent, cancel=Cancel())

        def zstd() -> None:
            argv = ["zstd", "-q", "-f", f"-{options.level}", f"-T{options.threads}", str(tar), "-o", f"{tar}.zst"]
            subprocess.run(argv, check=True)

        wrong |= compare("pack", pack, "zstd", zstd, options.rounds) > options.max_pack
        made = next((folder / "packages").glob("*/*.conda")).stat().st_size
        print(f"  {made / MB:.1f} MB, zstd {Path(f'{tar}.zst').stat().st_size / MB:.1f} MB")
    return int(wrong)


def recipe(folder: Path) -> Output:
    folder.mkdir()
    (folder / "meta.yaml").write_text("package:\n  name: large\n  version: 1\n")
    return Output(
        recipe_dir=str(folder),
        recipe_file=str(folder / "meta.yaml"),
        name="large",
        version="1",
        build_string="0",
        build_number=0,
        subdir="linux-64",
        host_subdir="linux-64",
        build_subdir="linux-64",
        meta={"package": {"name": "large", "version": "1"}},
    )


def _find(output: Output, layout: Layout, files: list[str]) -> dict[str, tuple[str, str]]:
    return prefixes.find(output, layout.host_prefix, files, targets={}, prefix_length=255, sink=silent, cancel=Cancel())


def compare(what: str, ours: Callable[[], None], program: str, theirs: Callable[[], None], rounds: int) -> float:
    """Print the best times of both; the ratio."""
    best = [(9e9, 9e9), (9e9, 9e9)]
    for _ in range(rounds):
        best = [min(known, timed(work)) for known, work in zip(best, (ours, theirs), strict=True)]
    (mine, my_cpu), (other, other_cpu) = best
    print(f"{what}: {mine:.2f} s (CPU {my_cpu:.2f}), {program}: {other:.2f} s (CPU {other_cpu:.2f})", end="")
    print(f", ratio {mine / other:.2f} (CPU {my_cpu / other_cpu:.2f})", flush=True)
    return mine / other


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds and CPU seconds (user and system, children too)."""
    before, start = os.times(), perf_counter()
    work()
    seconds, after = perf_counter() - start, os.times()
    return seconds, sum(after[:4]) - sum(before[:4])


def fill(prefix: Path, count: int, size: int) -> list[str]:
    """Make the files; their paths. The same every time, but for the machine code."""
    chance = random.Random(5)
    code = machine_code()
    files = []
    for number, length in enumerate(sizes(count, size, chance)):
        kind = number % 10
        if kind < 6:
            name, data = f"lib/python3.11/site-packages/p{number // 100}/m{number}.py", text(chance, length)
        elif kind < 9:
            at = chance.randrange(len(code) // 2)
            name, data = f"lib/p{number // 100}/lib{number}.so", code[at : at + length]
        else:
            name, data = f"share/p{number // 100}/d{number}.bin", chance.randbytes(length)
        if number % 7 == 0:
            middle = len(data) // 2
            data = data[:middle] + os.fsencode(prefix) + (b"/share\0" if kind >= 6 else b"/share\n") + data[middle:]
        target = prefix / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        files.append(name)
    return sorted(files)


def sizes(count: int, size: int, chance: random.Random) -> list[int]:
    """Few files are large, most are small."""
    weights = [min(chance.paretovariate(1.1), 400.0) for _ in range(count)]
    whole = sum(weights)
    return [max(20, int(size * weight / whole)) for weight in weights]


def text(chance: random.Random, length: int) -> bytes:
    choices = _TEXT.split()

    def lines() -> Iterator[str]:
        made = 0
        while made < length:
            words = chance.choices(choices, k=chance.randrange(1, 12))
            line = "    " * chance.randrange(4) + " ".join(words) + f" {chance.randrange(10_000)}\n"
            made += len(line)
            yield line

    return "".join(lines()).encode()[:length]


def machine_code() -> bytes:
    """Up to 40 MB of this machine's libraries and programs."""
    parts: list[bytes] = []
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib", "/usr/bin"):
        for file in sorted(Path(folder).glob("*")) if Path(folder).is_dir() else ():
            if file.is_file() and not file.is_symlink() and sum(map(len, parts)) < 40 * MB:
                parts.append(file.read_bytes())
    return b"".join(parts) or os.urandom(MB)


def _tar(prefix: Path, files: list[str], target: Path) -> None:
    with tarfile.open(target, "w") as archive:
        for file in files:
            archive.add(prefix / file, file)


if __name__ == "__main__":
    sys.exit(main())
