"""A program run without a network: `python _isolate.py REPORT PROGRAM [ARG ...]`.

The process gets a network of its own, which has nothing but the loopback device, and becomes PROGRAM. Where the kernel
refuses, the reason is written to REPORT and nothing is run. Only the standard library: it runs by itself.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

_NEWUSER, _NEWNET = 0x10000000, 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _UP = 0x8913, 0x8914, 0x1


def main(argv: list[str]) -> None:
    report, program = Path(argv[1]), argv[2:]
    try:
        _leave_network()
        _raise_loopback()
    except OSError as error:
        report.write_text(f"{error.strerror} ({error.filename or 'unshare'})", "utf-8")
        sys.exit(126)
    os.execvp(program[0], program)


def _leave_network() -> None:
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        try:
            _unshare(_NEWNET)
            return
        except OSError:
            pass  # a root without rights, in a container: as everybody else
    _unshare(_NEWUSER | _NEWNET)
    # everyone stays who they are
    Path("/proc/self/setgroups").write_text("deny", "ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", "ascii")


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), "unshare")


def _raise_loopback() -> None:
    """Programs talk to themselves over it: tests start servers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        name, flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", name, flags | _UP))


if __name__ == "__main__":
    main(sys.argv)
