// title: Pathways inside a pathway
// question: Of which parts, at any depth, does a pathway consist?
// parameter pathway: Pathway, an identifier or name
// example: pathway=reactome:R-HSA-177929
MATCH path = (part:Pathway)-[:PART_OF*1..6]->(:Pathway {id: $pathway})
RETURN part.id AS pathway_id, part.name AS pathway, min(length(path)) AS depth,
  COUNT { (:Gene)-[:PARTICIPATES_IN]->(part) } AS genes
ORDER BY depth, pathway_id
