"""What a bare machine needs before the first command: see install.py."""
