"""What runs phases: how they stand, one performed, several run, run again, undone."""
