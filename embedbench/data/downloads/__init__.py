"""Download images, check and keep them."""
