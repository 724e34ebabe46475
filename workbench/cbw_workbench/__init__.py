"""The faces: CLI, REPL and screen over one set of commands. No build logic lives here."""
