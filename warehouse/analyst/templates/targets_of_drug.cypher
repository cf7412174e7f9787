// title: Targets of a drug
// question: Which genes does a drug act on, and who says so?
// parameter drug: Drug, a name or identifier
// example: drug=drugbank:DB00317
MATCH (d:Drug {id: $drug})-[r:BINDS|TARGETS]->(g:Gene)
RETURN g.id AS gene_id, g.symbol AS gene, type(r) AS relation, r.actions AS actions, r.sources AS sources
ORDER BY gene, relation
