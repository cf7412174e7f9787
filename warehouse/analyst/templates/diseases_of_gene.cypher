// title: Diseases of a gene
// question: Which diseases is a gene linked with?
// parameter gene: Gene, a symbol or identifier
// example: gene=TP53
MATCH (d:Disease)-[r:ASSOCIATES|UPREGULATES|DOWNREGULATES]->(g:Gene {id: $gene})
RETURN d.id AS disease_id, d.name AS disease, type(r) AS relation, r.sources AS sources
ORDER BY disease, relation
