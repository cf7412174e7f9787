"""How statements become the tables of a build: written, resolved, checked at the gate, given a fingerprint."""
