"""The graph: one protocol for every store, and the store that is there by default."""
