"""Linear probes of frozen patch tokens: their heads, training, data and options."""
