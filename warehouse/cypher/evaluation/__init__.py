"""Expressions evaluated in Python, with the table of functions and what each does to values of any type."""
