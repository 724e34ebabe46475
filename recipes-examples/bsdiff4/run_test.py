import bsdiff4

old = b"conda-build makes packages from recipes. " * 50
new = old.replace(b"packages", b"good packages") + b"That is all."

patch = bsdiff4.diff(old, new)
assert bsdiff4.patch(old, patch) == new
assert len(patch) < len(new)
print(f"a patch of {len(patch)} bytes makes {len(new)} bytes from {len(old)}")
