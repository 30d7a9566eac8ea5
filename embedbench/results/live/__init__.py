"""What a comparison says while it runs."""
