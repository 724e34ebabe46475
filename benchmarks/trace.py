"""What the debugger costs.

    python benchmarks/trace.py [--builds zlib,libpng] [--rounds N] [--bashdb PATH] [--busy]

1. Scripts of 100,000 simple commands of which none stops, beside `bash -x` to a file (at most 4 times that) and, where
   one is given, beside bashdb (github.com/rocky/bashdb; at least 5 times as quick; both with --bashdb-commands).
2. Real builds (configure, make, make install) of Debian's zlib and libpng under a debugger that has no breakpoint,
   beside bash alone: at most 1.03 times that. They need a C compiler and make, and `apt-get source` the first time.

Each is timed by the clock and by processor time (of bash, all below it, and of the debugger in this process). Status 1
when a limit is missed by either; with --busy, for a machine that has other things to do, by processor time.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder: its inspect.py and trace.py are not Python's own

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cbw_core.errors import Place
from cbw_core.trace import Debugger, Target

SLOWER, QUICKER, BUILD = 4, 5, 1.03  # the limits
RECIPES = Path(__file__).resolve().parents[1] / "recipes-examples"
ALL = 10**9  # commands to record
AT_THE_PROMPT = 2000  # as many are recorded there one by one


@dataclass(frozen=True)
class Used:
    """Seconds of processor time, and by the clock."""

    cpu: float
    clock: float

    def __str__(self) -> str:
        return f"{self.cpu:.2f} s ({self.clock:.2f} s by the clock)"


def used(work: Callable[[], object]) -> Used:
    before, begun = processor_time(), time.perf_counter()
    work()
    return Used(processor_time() - before, time.perf_counter() - begun)


def processor_time() -> float:
    """Seconds, of this process and all that ended below it."""
    rows = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(row.ru_utime + row.ru_stime for row in rows)


class Limits:
    """What was missed so far."""

    def __init__(self, busy: bool) -> None:
        self.busy, self.missed = busy, False

    def hold(self, most: float, cpu: float, clock: float) -> str:
        missed = cpu > most or (clock > most and not self.busy)
        self.missed |= missed
        return "  MISSED" if missed else ""


def bash(script: Path, environ: Mapping[str, str], cwd: Path | None = None) -> None:
    """Run a script as builds are run. What it writes is thrown away."""
    argv = ["bash", "-o", "errexit", str(script)]
    quiet = subprocess.DEVNULL
    subprocess.run(argv, cwd=cwd, env={**os.environ, **environ}, stdin=quiet, stdout=quiet, stderr=quiet, check=True)


def debugged(folder: Path, text: str, debugger: Debugger, environ: Mapping[str, str], work: Path, prefix: Path) -> None:
    """The same under the debugger."""
    script = folder / "conda_build.sh"
    script.write_text(text)
    place = lambda text, line: Place("build.sh", line)  # noqa: E731
    target = Target("build", "build.sh", script, 0, text, str(script), place, str, prefix, work)
    with debugger.tracing(target, folder / "trace", lambda event: None) as run:
        bash(script, {**environ, "BASH_ENV": str(run.prelude)}, work)
        run.status = 0
    if debugger.record:
        assert debugger.timeline is not None


# -- many commands --------------------------------------------------------------------------------------------------

NEVER = "never() {\n  echo never\n}\n"  # its line 2 has a breakpoint


def shapes(count: int) -> dict[str, str]:
    """Scripts of that many commands, as `set -x` counts them."""
    return {
        "a loop": f"i=0\nwhile ((i < {count // 2})); do\n  ((++i))\ndone\n",
        "assignments": "".join(f"a={k}\n" for k in range(count)),
        "functions": f"i=0\nf() {{\n  x=$1\n}}\nwhile ((i < {count // 4})); do\n  ((++i))\n  f $i\ndone\n",
        "tests": f"for ((i = 0; i < {count // 3}; ++i)); do\n  [[ $i != none ]]\ndone\n",
    }


# what begins at the top level is recorded there one by one (docs/debugger.md), and such a script has nothing else
LEFT_OUT = {("assignments", "the same at the prompt")}


def with_points(record: int = 0) -> Debugger:
    debugger = Debugger(record=record)
    debugger.add("line", "2")
    debugger.add("command", "make*install*")
    return debugger


def many_commands(count: int, rounds: int, limits: Limits) -> None:
    ways: dict[str, Callable[[], Debugger]] = {
        "no breakpoint": Debugger,
        "a line, and `break cmd`": with_points,
        "the same at the prompt": lambda: with_points(AT_THE_PROMPT),
    }
    print(f"{count} commands: times `set -x` to a file (at most {SLOWER})")
    with tempfile.TemporaryDirectory(prefix="cbw-trace-") as name:
        folder = Path(name)
        (folder / "prefix").mkdir()
        plain, log = folder / "plain.sh", folder / "xtrace.log"
        for shape, text in shapes(count).items():
            script = NEVER + text
            plain.write_text(script)
            measured = {way: make for way, make in ways.items() if (shape, way) not in LEFT_OUT}

            def xtrace() -> None:
                with log.open("w") as out:
                    subprocess.run(["bash", "-x", str(plain)], stderr=out, check=True)

            times: dict[str, list[Used]] = {"bash": [], "set -x": [], **{way: [] for way in measured}}
            for _ in range(rounds):
                times["bash"].append(used(lambda: bash(plain, {})))
                times["set -x"].append(used(xtrace))
                for way, make in measured.items():
                    work = partial(debugged, folder, script, make(), {}, folder, folder / "prefix")
                    times[way].append(used(work))
            best = {way: Used(min(t.cpu for t in row), min(t.clock for t in row)) for way, row in times.items()}
            base = best["set -x"]
            print(f"  {shape}: bash {best['bash']}, set -x {base}")
            for way in measured:
                cpu, clock = best[way].cpu / base.cpu, best[way].clock / base.clock
                missed = limits.hold(SLOWER, cpu, clock)
                print(f"    {way + ':':26} {cpu:.2f} ({clock:.2f} by the clock): {best[way]}{missed}", flush=True)


def beside_bashdb(program: str, count: int, limit: float, limits: Limits) -> None:
    """Both run the same script to its end, which is looked for in what they print."""
    with tempfile.TemporaryDirectory(prefix="cbw-trace-") as name:
        folder = Path(name)
        (folder / "prefix").mkdir()
        text = shapes(count)["a loop"] + "echo the end $i > end\n"
        plain, end, commands = folder / "plain.sh", folder / "end", folder / "commands"
        plain.write_text(text)
        commands.write_text("continue\nquit\n")

        def to_the_end(work: Callable[[], object]) -> Used:
            end.unlink(missing_ok=True)
            found = used(work)
            if not end.exists() or end.read_text() != f"the end {count // 2}\n":
                sys.exit("error: the script did not run to its end")
            return found

        def bashdb() -> None:
            argv = [program, "-q", "--no-highlight", "-n", "-x", str(commands), str(plain)]
            out = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run(argv, cwd=folder, timeout=limit, check=False, **out)  # type: ignore[call-overload]

        ours = to_the_end(lambda: debugged(folder, text, Debugger(), {}, folder, folder / "prefix"))
        print(f"beside bashdb, {count} commands (at least {QUICKER} times as quick): the debugger {ours}")
        try:
            theirs = to_the_end(bashdb)
        except subprocess.TimeoutExpired:
            print(f"  bashdb had not ended after {limit:.0f} s: it is more than {limit / ours.clock:.0f} times slower")
            limits.missed |= limit < QUICKER * ours.clock
            return
        cpu, clock = theirs.cpu / ours.cpu, theirs.clock / ours.clock
        missed = limits.hold(1 / QUICKER, 1 / cpu, 1 / clock)
        print(f"  bashdb {theirs}: {cpu:.0f} times as long ({clock:.0f} by the clock){missed}", flush=True)


# -- real builds ----------------------------------------------------------------------------------------------------

BUILDS = {
    "zlib": 'set -ex\n\n./configure --prefix="$PREFIX"\nmake -j"$CPU_COUNT"\nmake install\n',
    "libpng": (
        'set -ex\n\n./configure --prefix="$PREFIX" --with-zlib-prefix="$PREFIX" --disable-static \\\n'
        '    CPPFLAGS="-I$PREFIX/include" LDFLAGS="-L$PREFIX/lib"\nmake -j"$CPU_COUNT"\nmake install\n'
    ),
}
NEEDS = {"libpng": "zlib"}


def build(name: str, rounds: int, limits: Limits) -> None:
    ways: dict[str, Debugger | None] = {"debugger": Debugger(), "bash": None, "recorded": Debugger(record=ALL)}
    with tempfile.TemporaryDirectory(prefix="cbw-trace-") as temporary:
        folder = Path(temporary)
        prefix, work, before = folder / "prefix", folder / "work", folder / "before"
        environ = {"PREFIX": str(prefix), "CPU_COUNT": str(os.cpu_count() or 1), "PWD": str(work)}
        before.mkdir()

        def run(name: str, debugger: Debugger | None) -> Used:
            shutil.rmtree(work, ignore_errors=True)
            shutil.rmtree(prefix, ignore_errors=True)
            shutil.copytree(RECIPES / ".sources" / "debian" / name, work, symlinks=True)
            shutil.copytree(before, prefix, symlinks=True)
            script = folder / "plain.sh"
            script.write_text(BUILDS[name])
            if debugger is None:
                return used(lambda: bash(script, environ, work))
            return used(lambda: debugged(folder, BUILDS[name], debugger, environ, work, prefix))

        if name in NEEDS:
            run(NEEDS[name], None)
            shutil.rmtree(before)
            prefix.rename(before)
        run(name, None)  # what is read from disk the first time
        times: dict[str, list[Used]] = {way: [] for way in ways}
        for number in range(rounds):
            for way in list(ways) if number % 2 else reversed(ways):  # there and back: what drifts hits all alike
                times[way].append(run(name, ways[way]))
    base = times["bash"]
    print(f"{name}, {rounds} rounds: bash alone {spread(base)}")
    for way in ("debugger", "recorded"):
        cpu, clock = (sum(row(t) for t in times[way]) / sum(row(t) for t in base) for row in (_cpu, _clock))
        ratios = sorted(one.cpu / other.cpu for one, other in zip(times[way], base, strict=True))
        most = f"at most {BUILD}" if way == "debugger" else "no limit"
        missed = limits.hold(BUILD, cpu, clock) if way == "debugger" else ""
        print(f"  {way} / bash: {cpu:.3f} ({clock:.3f} by the clock; {most}){missed}")
        print(f"    {spread(times[way])}; rounds from {ratios[0]:.3f} to {ratios[-1]:.3f}", flush=True)


def _cpu(one: Used) -> float:
    return one.cpu


def _clock(one: Used) -> float:
    return one.clock


def spread(times: Sequence[Used]) -> str:
    cpu, clock = sorted(t.cpu for t in times), sorted(t.clock for t in times)
    return f"{cpu[0]:.2f} to {cpu[-1]:.2f} s ({clock[0]:.2f} to {clock[-1]:.2f} s by the clock)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=100_000, help="how many simple commands; 0: none")
    parser.add_argument("--builds", default="zlib,libpng", help="those to build (default: both), or `none`")
    parser.add_argument("--rounds", type=int, default=0, help="how often each (default: zlib 8, libpng 3, commands 3)")
    parser.add_argument("--bashdb", help="the program `bashdb`, to be held against")
    parser.add_argument("--bashdb-commands", type=int, default=2000, help="default: 2000, since it takes 5 ms for each")
    parser.add_argument("--bashdb-limit", type=float, default=600, help="seconds until bashdb is ended")
    parser.add_argument("--busy", action="store_true", help="judge by processor time only")
    args = parser.parse_args()
    limits = Limits(args.busy)
    names = [name for name in args.builds.split(",") if name and name != "none"]
    if unknown := set(names) - set(BUILDS):
        parser.error(f"there is no build of {', '.join(unknown)}")
    if names:
        subprocess.run([sys.executable, str(RECIPES / "debian.py")], check=True, stdout=subprocess.DEVNULL)
    if args.commands:
        many_commands(args.commands, args.rounds or 3, limits)
    if args.bashdb:
        beside_bashdb(args.bashdb, args.bashdb_commands, args.bashdb_limit, limits)
    for name in names:
        build(name, args.rounds or {"zlib": 8, "libpng": 3}[name], limits)
    print(f"load {os.getloadavg()[0]:.1f}")
    return int(limits.missed)


if __name__ == "__main__":
    sys.exit(main())
