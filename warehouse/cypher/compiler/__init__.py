"""Syntax trees compiled to one SQL statement."""
