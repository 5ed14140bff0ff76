"""One folder a process; services meet on topics and in S3, never by import."""
