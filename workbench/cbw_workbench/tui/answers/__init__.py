"""Results as trees of lines that lead somewhere: a file for each kind of result, pure functions from data to nodes."""
