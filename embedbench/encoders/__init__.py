"""Encoder plug-ins: registry, listing, scaffold, conformance checks."""
