"""What the console decides and shows, as pure functions: no Kafka, no S3, no clock."""
