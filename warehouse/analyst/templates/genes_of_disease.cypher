// title: Genes of a disease
// question: Which genes are linked with a disease, by which kinds of evidence and by whom?
// parameter disease: Disease, a name or identifier
// example: disease=lung cancer
MATCH (d:Disease {id: $disease})-[r:ASSOCIATES|UPREGULATES|DOWNREGULATES]->(g:Gene)
WITH g, collect(DISTINCT type(r)) AS relations, collect(r.sources) AS stated
UNWIND stated AS of_one
UNWIND of_one AS source
RETURN g.id AS gene_id, g.symbol AS gene, relations, collect(DISTINCT source) AS sources
ORDER BY size(relations) DESC, gene
