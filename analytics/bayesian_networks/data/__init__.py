"""The data of a comparison: the table that is learned from, its samples, groups and files."""
