"""Versioned datasets in S3: manifests, Parquet shards, and readers of them."""
