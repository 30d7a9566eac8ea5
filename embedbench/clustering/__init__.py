"""Vectors to partitions: spaces, clusterers, distances, subsampling."""
