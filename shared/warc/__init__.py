"""WARC packs: the raw pages as they lie in S3. Pure: bytes in, bytes out."""
