import os
from pathlib import Path

path = Path(os.environ["PREFIX"], "share", "lines.txt")
lines = path.read_text().splitlines()
print(f"{path} has {len(lines)} lines")
assert len(lines) == 3, f"expected 3 lines, found {lines}"
