"""Draws docs/workbench.svg: the debugger's screen on a recipe whose build fails, as it is after `run build`.

python docs/picture.py
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from cbw_core.config import Config
from cbw_core.events import silent
from cbw_core.process import Cancel
from cbw_core.session import create, plan
from cbw_workbench.commands import Context
from cbw_workbench.tui.start import workbench

HERE = Path(__file__).resolve().parent
RECIPE = HERE.parent / "recipes-examples" / "broken" / "missing-header"


async def draw(folder: Path) -> str:
    config = replace(Config.load(), croot=folder, channels=("host",), override_channels=True)
    made = plan(RECIPE, config)
    session = create(made, made.outputs[0], config)
    context = Context(config=config, sink=silent, cancel=Cancel(), face="tui", session=session)
    app = workbench(context, session)
    async with app.run_test(size=(132, 38)) as pilot:
        await pilot.pause(0.5)
        await pilot.press(":", *"run build", "enter")
        while not app.state.ran:
            await pilot.pause(0.1)
        while not app.state.looked.spent:  # what the lines took
            await pilot.pause(0.1)
        await pilot.pause(0.5)
        picture = app.export_screenshot(title="cbw debug -c host missing-header")
        await pilot.press("c")  # what stands there ends
        while app.state.standing or app.state.jobs:
            await pilot.pause(0.1)
        return picture


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="cbw-") as folder:
        svg = asyncio.run(draw(Path(folder)))
    # the fonts it would fetch from elsewhere: the reader's own monospace one does
    (HERE / "workbench.svg").write_text(re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL))


if __name__ == "__main__":
    main()
