"""Answers at once, for a page or a command: no run is recorded and nothing is published."""
