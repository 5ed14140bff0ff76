"""Logs, metrics, health and trace context of every process."""
