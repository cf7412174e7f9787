// title: Structures of a gene with a ligand
// question: Which structures of a gene's protein hold a small molecule, and which?
// parameter gene: Gene, a symbol or identifier
// example: gene=PTPN11
MATCH (:Gene {id: $gene})-[:ENCODES]->(:Protein)-[:HAS_STRUCTURE]->(s:Structure)-[:CONTAINS]->(m:SmallMolecule)
RETURN s.id AS structure_id, s.resolution_angstrom AS angstrom, collect(DISTINCT m.id) AS molecules,
  collect(DISTINCT m.name) AS names
ORDER BY angstrom, structure_id
