"""How much sooner a test runs again than the whole: a recipe that compiles for about a minute is taken to its end, then
`rerun test` is timed.

    python benchmarks/rerun.py [--seconds 60]

The C files are made for it: as many as this machine's compiler needs that long for. The bound is 3% of the first run.
Ends with status 1 when it is over.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder: its inspect.py and trace.py are not Python's own

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

BOUND = 0.03
CBW = [sys.executable, "-c", "import sys; from cbw_workbench.cli.main import main; sys.exit(main(sys.argv[1:]))"]

META = """\
package: {name: longbuild, version: "1.0"}
source: {path: src}
build: {number: 0}
requirements:
  build:
    - {{ compiler('c') }}
    - make
test:
  commands:
    - longbuild
    - test -f $PREFIX/lib/liblong.so
"""
BUILD = """\
make
mkdir -p "$PREFIX/bin" "$PREFIX/lib"
cp liblong.so "$PREFIX/lib/"
cp longbuild "$PREFIX/bin/"
"""
MAKEFILE = """\
OBJECTS := $(patsubst %.c,%.o,$(wildcard part*.c))
all: liblong.so longbuild
%.o: %.c
\t$(CC) -O2 -fPIC -c -o $@ $<
liblong.so: $(OBJECTS)
\t$(CC) -shared -o $@ $^
longbuild: main.c liblong.so
\t$(CC) -o $@ main.c -L. -llong -Wl,-rpath,'$(PREFIX)/lib'
"""


def part(number: int, functions: int = 60) -> str:
    """A C file that keeps the optimizer busy."""
    out = ["#include <stddef.h>", "#include <string.h>"]
    for n in range(functions):
        steps = "".join(
            f"    for (size_t i = {k}; i < n; i += {k + 1}) {{\n"
            f"        s += a[i] * {k + n + 3}u; s ^= s >> {k % 13 + 1}; a[(i * {2 * k + 1}u) % n] += s;\n"
            f"        if (s % {k + 7}u == {k}u) memmove(a, a + i % n, (n - i % n) * sizeof *a);\n    }}\n"
            for k in range(8)
        )
        head = f"unsigned part{number}_{n}(unsigned *a, size_t n) {{\n    unsigned s = {n};\n"
        out.append(f"{head}{steps}    return s;\n}}")
    return "\n".join(out) + "\n"


def recipe(folder: Path, parts: int) -> Path:
    source = folder / "longbuild" / "src"
    source.mkdir(parents=True)
    (folder / "longbuild/meta.yaml").write_text(META)
    (folder / "longbuild/build.sh").write_text(BUILD)
    (source / "Makefile").write_text(MAKEFILE)
    for number in range(parts):
        (source / f"part{number}.c").write_text(part(number))
    (source / "main.c").write_text(
        "unsigned part0_0(unsigned *, unsigned long);\n"
        "int main(void) { unsigned a[4] = {1, 2, 3, 4}; return part0_0(a, 4) == 12345; }\n"
    )
    return folder / "longbuild"


def seconds_of_one(folder: Path) -> float:
    """How long the compiler works on one part, on a machine that has nothing else to do."""
    (folder / "try.c").write_text(part(0))
    used = os.times()
    subprocess.run(["cc", "-O2", "-fPIC", "-c", "-o", "try.o", "try.c"], cwd=folder, check=True)
    now = os.times()
    return now.children_user + now.children_system - used.children_user - used.children_system


def timed(*words: object, environ: dict[str, str]) -> tuple[float, float]:
    """(seconds, CPU seconds of it and all below it)."""
    begun, used = time.monotonic(), os.times()
    done = subprocess.run([*CBW, *map(str, words)], env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"cbw {' '.join(map(str, words))} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    now = os.times()
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    return time.monotonic() - begun, cpu


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long the recipe is to compile")
    parser.add_argument("--cache", type=Path, help="cbw's cache, with a host channel made before (default: a new one)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cbw-rerun-") as temporary:
        folder = Path(temporary)
        environ = {**os.environ, "CBW_CROOT": f"{folder}/croot", "XDG_STATE_HOME": f"{folder}/state"}
        environ["CBW_CACHE"] = str(args.cache or folder / "cache")
        parts = max(1, round(args.seconds / seconds_of_one(folder)))
        made = recipe(folder, parts)
        # the host channel is made once a machine: it is not part of a run
        timed("render", "-O", "-c", "host", made, environ=environ)
        whole, whole_cpu = timed("build", "-q", "-O", "-c", "host", made, environ=environ)
        again, again_cpu = min(timed("rerun", "test", "-q", environ=environ) for _ in range(3))
    share = again / whole
    print(f"{parts} C files; the whole: {whole:.1f} s; rerun test: {again:.2f} s; {share:.1%} (bound {BOUND:.0%})")
    print(f"CPU, the same on a busy machine: {whole_cpu:.1f} s and {again_cpu:.2f} s; load {os.getloadavg()[0]:.0f}")
    return int(share > BOUND)


if __name__ == "__main__":
    sys.exit(main())
