"""How the files of a release come to this machine: requests, partial downloads, and the store of what came."""
