"""py-rattler may crash the process it was used in while that ends: the engine's own process must never be that one."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path


def test_a_program_that_used_the_engine_ends_well_and_never_loads_rattler(channel: Path, tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        import sys; sys.path[:] = {sys.path!r}
        import os
        from pathlib import Path
        from cbw_core.channel import index
        from cbw_core.config import Config
        from cbw_core.env import ChannelResolver, install
        from cbw_core.platforms import native_subdir

        base = Path({str(tmp_path)!r})
        config = Config.load({{"HOME": str(base)}}, channels=({str(channel)!r},), override_channels=True)
        resolver = ChannelResolver(config)
        packages = resolver.solve(["zlib", "python", "six"], native_subdir(), env="host")
        install(packages, base / "prefix", config=config)
        index(base / "out")
        assert not [name for name in sys.modules if name.split(".")[0] == "rattler"]
        pid = os.fork()  # hangs where rattler ran before
        if pid == 0:
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        """
    )
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
