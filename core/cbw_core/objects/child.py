"""The child that reads: a path a line comes in, what was found in it goes out as a line of JSON.

lief reads files made by others with C++: a broken one may crash it, or keep it busy for ever. Here only this process
dies. It imports nothing of the engine but this room.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO

from cbw_core.objects.magic import HEAD, format_of
from cbw_core.objects.model import Failure, ReadFile, to_json

LARGEST = 2 << 30  # bytes; lief holds a file in memory
_MEMORY = 8 << 30


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what prints by mistake must not come between the answers
    _limit()
    import lief

    lief.logging.disable()
    serve(sys.stdin.buffer, answers)
    answers.flush()
    os._exit(0)


def _limit() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """The first line says whether details are asked for, the others are paths as JSON text."""
    details = requests.readline() == b"details\n"
    for line in requests:
        found = read_one(json.loads(line), details=details)
        answers.write(json.dumps(to_json(found)).encode() + b"\n")
        answers.flush()


def read_one(path: str, *, details: bool = False) -> ReadFile:
    """One file, in this process. What is wrong with it is in the result."""
    from cbw_core.objects import elf, macho, pe

    try:
        with open(path, "rb") as stream:  # noqa: PTH123 (paths may be no text)
            size = os.fstat(stream.fileno()).st_size
            form = format_of(stream.read(HEAD))
        if size > LARGEST:
            why = f"it is {size >> 20} MiB large; files over {LARGEST >> 20} MiB are not read"
            return _failed(path, "too large", why)
        reader = {"ELF": elf.read, "Mach-O": macho.read, "PE": pe.read}.get(form)
        if reader is None:
            return _failed(path, "broken", "it is no ELF, Mach-O or PE file")
        return ReadFile(path, reader(path, details=details))
    except OSError as error:
        return _failed(path, "unreadable", error.strerror or str(error))
    except MemoryError:
        return _failed(path, "broken", "its headers ask for more memory than there is")
    except ValueError as error:
        return _failed(path, "broken", str(error))
    except (AttributeError, NameError, ImportError):
        raise  # ours
    except Exception as error:  # lief's errors have no class of their own
        return _failed(path, "broken", f"its headers make no sense ({type(error).__name__}: {error})")


def _failed(path: str, kind: str, why: str) -> ReadFile:
    return ReadFile(path, (), Failure(path, kind, why))
