"""What differs between two packages (files, metadata, dependencies, and why), or between two channels' records."""

from __future__ import annotations

from cbw_core.inspect.diff.channels import diff_channels
from cbw_core.inspect.diff.model import (
    REASONS,
    ChannelDiff,
    Detail,
    FieldDiff,
    FileDiff,
    PackageDiff,
    Reason,
    RecordDiff,
)
from cbw_core.inspect.diff.packages import diff_packages

__all__ = [
    "REASONS",
    "ChannelDiff",
    "Detail",
    "FieldDiff",
    "FileDiff",
    "PackageDiff",
    "Reason",
    "RecordDiff",
    "diff_channels",
    "diff_packages",
]
