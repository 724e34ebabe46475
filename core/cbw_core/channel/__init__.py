"""A folder of packages as a channel: its index, what its packages say of themselves, and the child py-rattler runs in."""

from cbw_core.channel.indexing import index
from cbw_core.channel.packages import read_index_json, read_run_exports
from cbw_core.channel.worker import Worker

__all__ = ["Worker", "index", "read_index_json", "read_run_exports"]
