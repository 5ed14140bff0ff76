"""The pure part: which shards to merge, what is garbage, and what a dataset is without one document."""
