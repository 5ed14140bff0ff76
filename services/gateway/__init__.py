"""Serves models over HTTP, records what it answers, and takes corrections."""
