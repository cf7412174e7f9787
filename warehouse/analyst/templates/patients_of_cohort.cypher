// title: Diagnoses of a cohort
// question: Which diagnoses do the patients of a cohort have, and how many patients each?
// parameter cohort: Cohort, an identifier or name
// example: cohort=tcga.study:LUAD
MATCH (:Cohort {id: $cohort})-[:HAS_PATIENT]->(p:Patient)-[:HAS_DIAGNOSIS]->(d:Disease)
RETURN d.id AS disease_id, d.name AS disease, count(DISTINCT p) AS patients
ORDER BY patients DESC, disease_id
