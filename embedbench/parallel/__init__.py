"""Processes: pools of workers, how they start and end, memory limits, quarantine."""
