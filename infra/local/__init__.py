"""The local process stack: real Kafka, S3 and Valkey without Docker, supervised."""
