"""Metrics of vectors: neighbours, retrieval, probe, geometry, similarity."""
