// title: What links two genes
// question: What does every source say about two genes directly?
// parameter first: Gene, a symbol or identifier
// parameter second: Gene, a symbol or identifier
// example: first=TP53; second=MDM2
MATCH (:Gene {id: $first})-[r]-(:Gene {id: $second})
RETURN type(r) AS relation, startNode(r).symbol AS from, r.sources AS sources, r.data_sources AS databases,
  r.pubmed_ids AS papers
ORDER BY relation, from
