"""Do rendering and env agree on every package of every environment? Recipes are rendered, finalized, and their build
and host environments made; what conda-meta of the prefixes has is held against what was rendered.

    python benchmarks/agreement.py -c CHANNEL RECIPE...

Ends with status 1 when an environment differs. Nothing is fetched or built: only environments are made.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder: its inspect.py and trace.py are not Python's own

import argparse
import os
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from cbw_core.config import Config
from cbw_core.errors import CbwError
from support.agreement import compare


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-c", "--channel", action="append", required=True)
    parser.add_argument("recipe", nargs="+", type=Path)
    args = parser.parse_args()
    base = Config.load(channels=tuple(args.channel), override_channels=True)
    base = base.with_render(no_source=True)
    counts: Counter[str] = Counter()
    packages = 0
    begun = time.monotonic()
    for recipe in args.recipe:
        with tempfile.TemporaryDirectory(dir=base.croot.parent) as croot:
            config = replace(base, croot=Path(croot))
            try:
                for one in compare(recipe, config, os.environ):
                    counts[one.how] += 1
                    packages += len(one.rendered) if one.how != "refused" else 0
                    if not one.agrees:
                        counts["different"] += 1
                        print(f"{recipe}: {one.env} of {one.output} ({one.how})")
                        print(f"  only rendered: {sorted(one.rendered - one.found)}")
                        print(f"  only found:    {sorted(one.found - one.rendered)}")
                counts["recipes"] += 1
            except CbwError as error:
                counts["recipes that do not render"] += 1
                print(f"{recipe}: {error.message}")
    told = ", ".join(f"{name}: {count}" for name, count in counts.items())
    print(f"{told}; {packages} packages, {time.monotonic() - begun:.0f} s")
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
