"""Values that are not finite, or far off: found, named, and kept out of the weights."""
