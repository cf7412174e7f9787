// title: Genes of a pathway
// question: Which genes take part in a pathway, and how many drugs act on each?
// parameter pathway: Pathway, an identifier or name
// example: pathway=reactome:R-HSA-177929
MATCH (g:Gene)-[:PARTICIPATES_IN]->(:Pathway {id: $pathway})
OPTIONAL MATCH (g)<-[:BINDS|TARGETS]-(d:Drug)
RETURN g.id AS gene_id, g.symbol AS gene, count(DISTINCT d) AS drugs
ORDER BY drugs DESC, gene
