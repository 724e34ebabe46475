"""The build engine: a library without a terminal. See docs/architecture.md for its rooms."""

__version__ = "0.1.0"
