"""Verdicts: by labels, without, and by the few labels that a person has just given."""
