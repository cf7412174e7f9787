// title: Drugs of a gene
// question: Which drugs act on the product of a gene, how, and who says so?
// parameter gene: Gene, a symbol or identifier
// example: gene=EGFR
MATCH (g:Gene {id: $gene})<-[r:BINDS|TARGETS]-(d:Drug)
RETURN d.id AS drug_id, d.name AS drug, type(r) AS relation, r.actions AS actions, r.sources AS sources,
  size(r.pubmed_ids) AS papers
ORDER BY papers DESC, drug_id
