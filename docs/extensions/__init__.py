"""What the guide needs beyond Sphinx and its extensions."""
