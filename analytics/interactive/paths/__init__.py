"""Paths between two entities, counted by type of path and held against a null model that keeps every degree."""
