"""The example's demo in one command: from an empty stack to a model that a correction has changed."""
