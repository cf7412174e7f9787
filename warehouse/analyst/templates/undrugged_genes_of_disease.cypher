// title: Genes of a disease that no drug acts on
// question: Which genes of a disease have a structure, but no drug?
// parameter disease: Disease, a name or identifier
// example: disease=lung cancer
MATCH (:Disease {id: $disease})-[:ASSOCIATES]->(g:Gene)-[:ENCODES]->(:Protein)-[:HAS_STRUCTURE]->(s:Structure)
WHERE NOT EXISTS { (g)<-[:BINDS|TARGETS]-(:Drug) }
RETURN g.id AS gene_id, g.symbol AS gene, count(DISTINCT s) AS structures, min(s.resolution_angstrom) AS best_angstrom
ORDER BY structures DESC, gene
