"""Every message and topic; pure data, no I/O."""
