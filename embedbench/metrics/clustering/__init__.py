"""Metrics of partitions: against labels, in their own space, stability."""
