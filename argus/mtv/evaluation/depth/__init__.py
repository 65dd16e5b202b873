"""Measured depth: the pictures of a list, where it counts, and the fit of scale and shift."""
