"""Pure functions on text that two services need."""
