"""The tables of a run folder: what a row is, and every column."""
