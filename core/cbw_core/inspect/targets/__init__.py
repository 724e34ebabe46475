"""What may be inspected, and how it is opened: package files, prefixes, sessions, folders, files."""

from __future__ import annotations

from cbw_core.inspect.targets.archived import Contents, Item, read_package
from cbw_core.inspect.targets.kinds import Target, target_of
from cbw_core.inspect.targets.records import Installed, installed, names_of

__all__ = ["Contents", "Installed", "Item", "Target", "installed", "names_of", "read_package", "target_of"]
