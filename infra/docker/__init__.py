"""Images: one Dockerfile for all light services, and what their containers start with."""
