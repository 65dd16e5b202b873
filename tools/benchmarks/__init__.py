"""Checks and benchmarks: ``python tools/benchmarks/run.py``; see docs/benchmarks.md."""
