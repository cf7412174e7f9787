// title: Genes between two genes
// question: Which genes interact with both of two genes?
// parameter first: Gene, a symbol or identifier
// parameter second: Gene, a symbol or identifier
// example: first=EGFR; second=KRAS
MATCH (:Gene {id: $first})-[a:INTERACTS_WITH|IN_COMPLEX_WITH|CONTROLS_STATE_CHANGE_OF]-(g:Gene)
MATCH (g)-[b:INTERACTS_WITH|IN_COMPLEX_WITH|CONTROLS_STATE_CHANGE_OF]-(:Gene {id: $second})
RETURN g.id AS gene_id, g.symbol AS gene, collect(DISTINCT type(a)) AS with_first, collect(DISTINCT type(b)) AS with_second
ORDER BY size(with_first) + size(with_second) DESC, gene_id
LIMIT 500
