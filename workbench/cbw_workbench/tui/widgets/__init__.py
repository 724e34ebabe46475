"""The parts of screens, a file each. They read a `WorkbenchState` and post messages; they call nothing else."""
