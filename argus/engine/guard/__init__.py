"""Steps whose values are not finite, or far off: found, told, kept out of the weights, repeated."""
