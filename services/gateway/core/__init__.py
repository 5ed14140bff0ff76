"""What the gateway decides, without servers."""
