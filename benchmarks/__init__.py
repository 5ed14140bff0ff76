"""Benchmarks: one file an area, peers in the same run, each goal beside its figure."""
