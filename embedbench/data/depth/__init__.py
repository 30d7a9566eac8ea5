"""Depth and range of images: what was asked for, and what a data set needs."""
