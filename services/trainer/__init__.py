"""Trains on datasets that are ready: datasets-ready to signed models in S3 and models-published."""
