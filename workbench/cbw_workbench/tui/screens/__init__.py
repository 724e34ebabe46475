"""The screens, a file each; `table` lists those that a key goes to."""
