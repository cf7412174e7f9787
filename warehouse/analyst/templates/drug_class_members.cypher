// title: Drugs of a pharmacologic class
// question: Which drugs belong to a class, and which diseases do they treat?
// parameter class: PharmacologicClass, a name or identifier
// example: class=ndfrt:N0000175721
MATCH (:PharmacologicClass {id: $class})-[:INCLUDES]->(d:Drug)
OPTIONAL MATCH (d)-[:TREATS]->(disease:Disease)
RETURN d.id AS drug_id, d.name AS drug, collect(DISTINCT disease.name) AS treats
ORDER BY drug, drug_id
