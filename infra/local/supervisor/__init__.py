"""Keeps the stack's processes running: one single-threaded daemon that starts, watches, restarts and stops them."""
