"""A real Neo4j server for tests and benchmarks: found or fetched, started, and never left behind."""
