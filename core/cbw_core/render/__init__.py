"""recipe x variants -> [Output]."""
