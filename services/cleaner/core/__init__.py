"""What the cleaner decides: pure functions of a page."""
