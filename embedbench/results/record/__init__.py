"""The record of a run, `run.json`, and its JSON schema."""
