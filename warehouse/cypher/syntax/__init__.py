"""The text of a query read into a syntax tree: tokens, parsers, and walks over the tree."""
