"""Helpers that know nothing of images or encoders: text, messages, specs, progress, hardware."""
