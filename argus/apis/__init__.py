"""What the command line tools and applications call."""
