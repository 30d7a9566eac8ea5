"""Datasets: read, download, scan; which images, by what names, with what labels."""
