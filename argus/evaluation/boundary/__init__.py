"""What the boundary metric is made of: suppression, thinning and one-to-one matching."""
