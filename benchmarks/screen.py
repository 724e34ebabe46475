"""What a step costs on the debugger's screen: the key `n` pressed again as soon as the script stands.

python benchmarks/screen.py [--steps N] [--files N]
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder: its inspect.py and trace.py are not Python's own

import argparse
import asyncio
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from cbw_core.config import Config
from cbw_core.events import silent
from cbw_core.process import Cancel
from cbw_core.session import Phase, create, plan
from cbw_workbench.commands import Context
from cbw_workbench.tui.start import workbench

META = "package: {name: steps, version: '1'}\nbuild: {number: 0}\n"
BUILD = "i=0\nwhile ((i < 100000)); do\n  i=$((i + 1))\n  name=x$i\n  : $name\ndone\n"


async def measure(folder: Path, steps: int, files: int) -> tuple[float, float]:
    """(seconds, processor seconds of this process) of a step. files: how many lie in the work folder."""
    recipe = folder / "recipe"
    recipe.mkdir()
    (recipe / "meta.yaml").write_text(META)
    (recipe / "build.sh").write_text(BUILD)
    environ = {**os.environ, "CBW_CROOT": str(folder / "croot"), "XDG_STATE_HOME": str(folder / "state")}
    config = replace(Config.load(environ), channels=(), override_channels=True)
    made = plan(recipe, config)
    session = create(made, made.outputs[0], config)
    session.run(Phase.ENV)
    for number in range(files):
        (session.layout.work / f"file{number}").touch()
    app = workbench(Context(config=config, sink=silent, cancel=Cancel(), session=session, cwd=recipe), session)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(":", *"break 3 --once", "enter")
        await pilot.pause(0.5)
        await pilot.press(":", *"run build", "enter")
        while app.state.standing is None or not app.runner.idle:
            await pilot.pause(0.05)
        begun, used = time.perf_counter(), time.process_time()
        for _ in range(steps):
            serial = app.state.looked.serial
            app.screen.action_run_line("next")  # type: ignore[attr-defined]
            while app.state.looked.serial == serial or not app.runner.idle:
                await asyncio.sleep(0.002)
        took = (time.perf_counter() - begun) / steps, (time.process_time() - used) / steps
        await pilot.press("c", "x")
        while not app.runner.idle:
            await pilot.pause(0.05)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(prog=Path(__file__).name, description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--files", type=int, default=0, help="files in the work folder")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cbw-") as folder:
        took, used = asyncio.run(measure(Path(folder), args.steps, args.files))
    print(f"a step: {took * 1000:.0f} ms until all panes show it, {used * 1000:.0f} ms of the processor")


if __name__ == "__main__":
    main()
