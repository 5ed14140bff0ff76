"""The augmenter's rules: which labels, which copies, from which seed. Pure."""
