"""Robustness: corruptions, contamination, domain shift."""
