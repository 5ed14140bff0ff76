"""The seat of the person who runs Millrace: the `millrace` command."""
