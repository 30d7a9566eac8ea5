"""Numbers with intervals: estimates, bootstrap, ranking."""
