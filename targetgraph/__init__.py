"""The front door: `from targetgraph import Warehouse`, and the command line."""
