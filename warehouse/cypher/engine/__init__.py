"""Compiled statements run within limits over the tables of a graph, and their rows turned into values and frames."""
