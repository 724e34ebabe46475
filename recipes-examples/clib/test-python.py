from pathlib import Path

import pytally

counts = pytally.count(Path("words.txt").read_text())
assert counts["recipe"] == 3, counts
assert "the" not in counts, counts
assert pytally.version() == "1.2.0"
print(counts)
