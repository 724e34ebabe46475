"""What a person changes, and how it is kept: files of the work folder, environments, breakpoints, the recipe."""
