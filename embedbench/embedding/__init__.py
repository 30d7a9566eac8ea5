"""Images to vectors: engines, workers, jobs, autotuning, Ray."""
