"""What a command gives back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """What a command gives back: `value` is a dataclass that `views` can draw and `--json` can print (None: nothing to
    show). `status` is the exit status."""

    value: object | None = None
    status: int = 0
