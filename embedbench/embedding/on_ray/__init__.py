"""Encoders on a Ray cluster: the engine, its actors, and the cluster itself."""
