"""Bytes that a source or a user brought: kept by checksum, opened read-only and verified."""
