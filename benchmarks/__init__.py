"""Benchmarks: `python -m benchmarks NAME --json`. One module a claim, each with its reference in the same run."""
