"""What two services or more need: contracts, text, stores, telemetry and the stream runner."""
