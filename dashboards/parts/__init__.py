"""What pages are made of: tables, pictures, messages, provenance."""
