// title: Partners of a gene
// question: With which genes does a gene interact, in how many kinds of ways?
// parameter gene: Gene, a symbol or identifier
// example: gene=MDM2
MATCH (:Gene {id: $gene})-[r:INTERACTS_WITH|IN_COMPLEX_WITH|INTERACTS_PHYSICALLY_WITH|CONTROLS_STATE_CHANGE_OF|CONTROLS_PHOSPHORYLATION_OF|CONTROLS_TRANSPORT_OF]-(p:Gene)
RETURN p.id AS partner_id, p.symbol AS partner, collect(DISTINCT type(r)) AS relations, sum(size(r.pubmed_ids)) AS papers
ORDER BY size(relations) DESC, papers DESC, partner_id
LIMIT 500
