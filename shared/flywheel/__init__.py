"""What a flywheel is told to do: `millrace.toml`, typed, and the pure rules that it declares."""
