"""Neo4j as a store of the graph: published from a build by differences, asked through a door that only reads.

| module | does |
|---|---|
| `connection` | the server: address, sessions, its errors as ours |
| `mark` | the one node that says which state the server holds, and whether it is whole |
| `types` | the Cypher statements of each type of the model |
| `schema` | constraints and indexes |
| `ahead` | making the next portion while one is worked on |
| `content` | what the server holds of a type, read in portions into DuckDB |
| `differences` | what must be removed, updated and created |
| `publication` | brings a state to the server, and checks it |
| `door`, `values`, `store` | questions |

Needs the extra `neo4j`; nothing imports it before a server is asked for.
"""
