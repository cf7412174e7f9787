// title: Genes that two diseases share
// question: Which genes are associated with both diseases?
// parameter first: Disease, a name or identifier
// parameter second: Disease, a name or identifier
// example: first=lung cancer; second=breast cancer
MATCH (:Disease {id: $first})-[:ASSOCIATES]->(g:Gene)<-[:ASSOCIATES]-(:Disease {id: $second})
OPTIONAL MATCH (g)<-[:BINDS|TARGETS]-(d:Drug)
RETURN g.id AS gene_id, g.symbol AS gene, count(DISTINCT d) AS drugs
ORDER BY drugs DESC, gene
