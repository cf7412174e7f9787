"""Analyses that read the warehouse and hand back predictions; one folder each."""
