"""Writers: one module for each layout of a public data set."""
