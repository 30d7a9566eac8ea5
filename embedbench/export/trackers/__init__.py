"""Stores of runs: what each encoder scored, with tables, figures and the page."""
