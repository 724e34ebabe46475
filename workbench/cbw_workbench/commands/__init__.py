"""Every verb once: declarations, the parser made from them, and `execute`."""

from cbw_workbench.commands.command import Arg, Command, Context, Face, Last, Result
from cbw_workbench.commands.registry import all_commands
from cbw_workbench.commands.run import execute

__all__ = ["Arg", "Command", "Context", "Face", "Last", "Result", "all_commands", "execute"]
