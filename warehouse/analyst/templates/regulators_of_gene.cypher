// title: What controls the expression of a gene
// question: Which genes are said to control the expression of a gene, in which papers?
// parameter gene: Gene, a symbol or identifier
// example: gene=TP53
MATCH (r:Gene)-[c:CONTROLS_EXPRESSION_OF|REGULATES_EXPRESSION_OF]->(:Gene {id: $gene})
RETURN r.id AS regulator_id, r.symbol AS regulator, type(c) AS relation, c.data_sources AS databases,
  size(c.pubmed_ids) AS papers
ORDER BY papers DESC, regulator, relation
