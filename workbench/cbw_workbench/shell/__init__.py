"""Debug shells: a session's environment on a pty, or one command in it."""

from cbw_workbench.shell.place import Place, command_line, place_of
from cbw_workbench.shell.running import inherit, interactive

__all__ = ["Place", "command_line", "inherit", "interactive", "place_of"]
