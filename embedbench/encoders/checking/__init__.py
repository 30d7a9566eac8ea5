"""Checks that every encoder must pass, and what they look at."""
