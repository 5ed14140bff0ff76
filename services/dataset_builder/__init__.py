"""Turns augmented documents into rows of a dataset, each exactly once, and says when a version is ready."""
