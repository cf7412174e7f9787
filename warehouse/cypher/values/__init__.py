"""The values of Cypher in Python: nodes, relationships, paths and times, compared, read from text and written."""
