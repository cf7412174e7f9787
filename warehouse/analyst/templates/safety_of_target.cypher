// title: Side effects of drugs on a target
// question: Which side effects do drugs that act on a gene cause?
// parameter gene: Gene, a symbol or identifier
// parameter least_drugs: integer = 2, drugs that must cause it
// example: gene=EGFR; least_drugs=1
MATCH (:Gene {id: $gene})<-[:BINDS|TARGETS]-(d:Drug)-[:CAUSES]->(e:SideEffect)
WITH e, count(DISTINCT d) AS drugs, collect(DISTINCT d.name) AS names
WHERE drugs >= $least_drugs
RETURN e.id AS side_effect_id, e.name AS side_effect, drugs, names
ORDER BY drugs DESC, side_effect
