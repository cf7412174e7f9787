// title: Genes of a druggability category
// question: Which genes of a category (kinases, clinically actionable, ...) have no drug yet?
// parameter category: GeneCategory, a name or identifier
// example: category=KINASE
MATCH (g:Gene)-[:HAS_CATEGORY]->(:GeneCategory {id: $category})
WHERE NOT EXISTS { (g)<-[:BINDS|TARGETS]-(:Drug) }
RETURN g.id AS gene_id, g.symbol AS gene, g.name AS name, COUNT { (:Disease)-[:ASSOCIATES]->(g) } AS diseases
ORDER BY diseases DESC, gene
