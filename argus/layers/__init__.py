"""Building blocks that need torch alone."""
