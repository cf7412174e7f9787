"""`python -m targetgraph`: the command line."""

from targetgraph.cli import main

main()
