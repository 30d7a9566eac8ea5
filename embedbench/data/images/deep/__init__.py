"""Images that are not stored in 8 bits, or not as Pillow reads them."""
