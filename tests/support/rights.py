"""Tests of what happens without rights, also where they are run by root."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

_VERSION_3 = 0x20080522
_OVERRIDES = 0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


def without_rights(argv: Sequence[str]) -> list[str]:
    """A command line that runs without root's right to read and write everything."""
    if os.geteuid() != 0:
        return list(argv)
    program = shutil.which("setpriv")
    if program is None:
        pytest.skip("root, and no setpriv to drop its rights")
    return [program, "--inh-caps=-all", "--bounding-set=-all", *argv]


@contextmanager
def unprivileged() -> Iterator[None]:
    """While inside, this thread has not root's right to read and write everything (capset(2))."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("=Ii", _VERSION_3, 0)
    before = ctypes.create_string_buffer(24)  # two times effective, permitted, inheritable
    if not hasattr(libc, "capget") or libc.capget(header, before):
        pytest.skip("root, and no way to drop its rights")
    effective, *rest = struct.unpack("=6I", before.raw)
    try:
        assert libc.capset(header, struct.pack("=6I", effective & ~_OVERRIDES, *rest)) == 0
        yield
    finally:
        libc.capset(header, before.raw)
