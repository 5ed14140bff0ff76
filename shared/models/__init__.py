"""Signed model versions in S3, what the gate said of them, and which of them an alias points at."""
