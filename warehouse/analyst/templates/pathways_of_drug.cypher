// title: Pathways that a drug reaches
// question: In which pathways do a drug's targets take part?
// parameter drug: Drug, a name or identifier
// parameter least_targets: integer = 2, targets that must be in the pathway
// example: drug=drugbank:DB00317
MATCH (:Drug {id: $drug})-[:BINDS|TARGETS]->(g:Gene)-[:PARTICIPATES_IN]->(p:Pathway)
WITH p, count(DISTINCT g) AS targets, collect(DISTINCT g.symbol) AS genes
WHERE targets >= $least_targets
RETURN p.id AS pathway_id, p.name AS pathway, targets, genes
ORDER BY targets DESC, pathway_id
