"""Analyses of one encoder, or of two: sweep, k, projections, shortcuts, duplicates."""
