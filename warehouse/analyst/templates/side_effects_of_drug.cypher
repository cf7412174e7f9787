// title: Side effects of a drug
// question: Which side effects does a drug cause, and how many other drugs cause them?
// parameter drug: Drug, a name or identifier
// example: drug=drugbank:DB00317
MATCH (:Drug {id: $drug})-[:CAUSES]->(e:SideEffect)
RETURN e.id AS side_effect_id, e.name AS side_effect, COUNT { (:Drug)-[:CAUSES]->(e) } AS drugs_that_cause_it
ORDER BY drugs_that_cause_it, side_effect
