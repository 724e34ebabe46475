"""The command line: `main`, sinks that print events, and what a terminal adds."""
