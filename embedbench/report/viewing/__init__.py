"""The page in a browser: a small server on this machine, and the original pictures behind it."""
