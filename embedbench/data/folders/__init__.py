"""Folders of images: find the files, and what their sub-folders mean."""
