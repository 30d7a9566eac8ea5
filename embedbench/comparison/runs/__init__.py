"""Several runs: what moved between two, and one comparison of the encoders of all."""
