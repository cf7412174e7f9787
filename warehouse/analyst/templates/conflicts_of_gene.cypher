// title: Values of a gene on which sources disagree
// question: Which properties of a gene are disputed, who says what, and which value is shown?
// parameter gene: Gene, a symbol or identifier
// example: gene=BRME1
MATCH (:Gene {id: $gene})-[v:DISPUTED_VALUE]->(s:Source)
RETURN v.property AS property, v.value AS value, v.shown AS shown, s.id AS source, v.release AS release, v.file AS file,
  v.row AS row
ORDER BY property, shown DESC, source
