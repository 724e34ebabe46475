"""recipe x variants -> [Output]: splitting, pins, run_exports, hash, build string, order.

The types are cheap to import; rendering itself is loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbw_core.lazy import lazily
from cbw_core.render.output import Output, Requirements, Resolved, resolved_from_json
from cbw_core.render.resolver import Resolver

if TYPE_CHECKING:
    from cbw_core.render.api import Rendered, Skipped, render_recipe
    from cbw_core.render.places import line_of
    from cbw_core.render.trail import Exported, Pinned, Trail, Unused, Use, Written
    from cbw_core.render.yamlout import to_yaml

__all__ = [
    "Exported",
    "Output",
    "Pinned",
    "Rendered",
    "Requirements",
    "Resolved",
    "Resolver",
    "Skipped",
    "Trail",
    "Unused",
    "Use",
    "Written",
    "line_of",
    "render_recipe",
    "resolved_from_json",
    "to_yaml",
]

__getattr__ = lazily(
    __name__,
    {
        "api": ("Rendered", "Skipped", "render_recipe"),
        "places": ("line_of",),
        "trail": ("Exported", "Pinned", "Trail", "Unused", "Use", "Written"),
        "yamlout": ("to_yaml",),
    },
)
