// title: Genes of a protein family
// question: Which genes encode proteins of a family or domain?
// parameter family: ProteinFamily, a name or identifier
// example: family=pfam:PF07714
MATCH (g:Gene)-[:ENCODES]->(p:Protein)-[:HAS_DOMAIN]->(f:ProteinFamily {id: $family})
OPTIONAL MATCH (g)<-[:BINDS|TARGETS]-(d:Drug)
RETURN g.id AS gene_id, g.symbol AS gene, collect(DISTINCT p.id) AS proteins, count(DISTINCT d) AS drugs
ORDER BY drugs DESC, gene
