// title: Pathways of a gene
// question: In which pathways does a gene take part, and how large are they?
// parameter gene: Gene, a symbol or identifier
// example: gene=EGFR
MATCH (g:Gene {id: $gene})-[r:PARTICIPATES_IN]->(p:Pathway)
RETURN p.id AS pathway_id, p.name AS pathway, COUNT { (:Gene)-[:PARTICIPATES_IN]->(p) } AS genes, r.sources AS sources
ORDER BY genes, pathway_id
