"""The augmenter: labels documents, and makes copies of those that are for training."""
