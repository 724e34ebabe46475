"""What files need of libraries, where that is, whose it is, and what is to be said of it."""

from __future__ import annotations

from cbw_core.inspect.linkages.finding import linkages, of_session
from cbw_core.inspect.linkages.why import Branch, Way, roots, tree, ways

__all__ = ["Branch", "Way", "linkages", "of_session", "roots", "tree", "ways"]
