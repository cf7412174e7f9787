// title: Druggable genes of a disease
// question: Which genes of a disease have drugs or structures, and how many?
// parameter disease: Disease, a name or identifier
// example: disease=lung cancer
MATCH (:Disease {id: $disease})-[:ASSOCIATES]->(g:Gene)
OPTIONAL MATCH (g)<-[:BINDS|TARGETS]-(d:Drug)
WITH g, count(DISTINCT d) AS drugs
OPTIONAL MATCH (g)-[:ENCODES]->(:Protein)-[:HAS_STRUCTURE]->(s:Structure)
WITH g, drugs, count(DISTINCT s) AS structures
WHERE drugs + structures > 0
RETURN g.id AS gene_id, g.symbol AS gene, drugs, structures
ORDER BY drugs DESC, structures DESC, gene
