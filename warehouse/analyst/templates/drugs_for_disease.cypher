// title: Drugs for a disease
// question: Which drugs treat a disease or relieve its symptoms, and on which genes do they act?
// parameter disease: Disease, a name or identifier
// example: disease=lung cancer
MATCH (d:Drug)-[r:TREATS|PALLIATES]->(:Disease {id: $disease})
OPTIONAL MATCH (d)-[:BINDS|TARGETS]->(g:Gene)
RETURN d.id AS drug_id, d.name AS drug, type(r) AS relation, collect(DISTINCT g.symbol) AS genes
ORDER BY relation DESC, drug, drug_id
