"""The tours that `make demo` and `make demo-real` run, and the pictures for the guide."""
