"""What a snapshot cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What a copy took: bytes written anew, and bytes that it shares (with a copy before it, or by reflink)."""

    files: int = 0
    copied: int = 0
    shared: int = 0
    seconds: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.files + other.files,
            self.copied + other.copied,
            self.shared + other.shared,
            self.seconds + other.seconds,
        )
