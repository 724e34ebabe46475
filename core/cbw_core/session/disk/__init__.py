"""Files and trees on disk, and locks: what a session is kept with, and knows nothing of one."""
