"""Building blocks that need torch and SciPy alone, and kernels where they are installed."""
