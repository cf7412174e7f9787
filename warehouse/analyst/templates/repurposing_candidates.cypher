// title: Drugs that could be put to another use
// question: Which drugs act on genes of a disease that they do not treat yet?
// parameter disease: Disease, a name or identifier
// parameter least_genes: integer = 3, genes of the disease that the drug must act on
// example: disease=lung cancer
MATCH (disease:Disease {id: $disease})-[:ASSOCIATES]->(g:Gene)<-[:BINDS|TARGETS]-(d:Drug)
WHERE NOT EXISTS { (d)-[:TREATS|PALLIATES]->(disease) }
WITH d, count(DISTINCT g) AS genes, collect(DISTINCT g.symbol) AS symbols
WHERE genes >= $least_genes
OPTIONAL MATCH (d)-[:TREATS]->(other:Disease)
RETURN d.id AS drug_id, d.name AS drug, genes, symbols, collect(DISTINCT other.name) AS treats
ORDER BY genes DESC, drug_id
