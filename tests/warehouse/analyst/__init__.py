"""Tests of the analyst's own tools."""
