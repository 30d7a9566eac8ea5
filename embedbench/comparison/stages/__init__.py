"""The stages of a comparison: encoding, clustering, robustness, verdict."""
