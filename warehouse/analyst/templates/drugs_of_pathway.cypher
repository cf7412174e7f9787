// title: Drugs of a pathway
// question: Which drugs act on genes of a pathway, and on how many?
// parameter pathway: Pathway, an identifier or name
// parameter least_targets: integer = 2, targets that must be in the pathway
// example: pathway=reactome:R-HSA-177929
MATCH (:Pathway {id: $pathway})<-[:PARTICIPATES_IN]-(g:Gene)<-[:BINDS|TARGETS]-(d:Drug)
WITH d, count(DISTINCT g) AS targets, collect(DISTINCT g.symbol) AS genes
WHERE targets >= $least_targets
RETURN d.id AS drug_id, d.name AS drug, targets, genes
ORDER BY targets DESC, drug_id
