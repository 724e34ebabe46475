"""From what the build left in the host prefix to files fit to be packaged: chosen, relocated, searched for the prefix.

`process(output, layout, config, new_files=, owned=, sink=, cancel=) -> PostResult`; `PostResult` goes to the package
room, and to disk and back through `to_json` and `from_json`. `BUILD_FIELDS`: what it reads of the build section.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily

if TYPE_CHECKING:
    from cbw_core.post.processing import process
    from cbw_core.post.recipe import BUILD_FIELDS
    from cbw_core.post.result import PostResult

__all__ = ["BUILD_FIELDS", "PostResult", "process"]

__getattr__ = lazily(__name__, {"processing": ("process",), "recipe": ("BUILD_FIELDS",), "result": ("PostResult",)})
