"""Turns raw pages into clean text, or into a rejection with a named reason."""
