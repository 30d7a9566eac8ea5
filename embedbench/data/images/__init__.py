"""One image: where it is, decoding, augmentations, corruptions."""
