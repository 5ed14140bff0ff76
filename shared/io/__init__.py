"""Ports to the outside, and their adapters: object store, cache, Kafka producer."""
