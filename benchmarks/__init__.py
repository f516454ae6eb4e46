"""Benchmarks: one command each, results in RESULTS.md; never part of the test run."""
