// title: Drugs of similar diseases
// question: Which drugs treat diseases that resemble this one, but not this one?
// parameter disease: Disease, a name or identifier
// example: disease=lung cancer
MATCH (disease:Disease {id: $disease})-[:RESEMBLES]-(similar:Disease)<-[:TREATS]-(d:Drug)
WHERE NOT EXISTS { (d)-[:TREATS]->(disease) }
RETURN d.id AS drug_id, d.name AS drug, collect(DISTINCT similar.name) AS treats
ORDER BY size(treats) DESC, drug_id
