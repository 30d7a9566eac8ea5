"""Helpers independent of images and encoders: text, messages, specs, progress, hardware."""
