// title: Structures of a gene's proteins
// question: Which structures show the protein that a gene encodes, best resolution first?
// parameter gene: Gene, a symbol or identifier
// example: gene=TP53
MATCH (g:Gene {id: $gene})-[:ENCODES]->(p:Protein)-[h:HAS_STRUCTURE]->(s:Structure)
RETURN s.id AS structure_id, s.name AS title, s.method AS method, s.resolution_angstrom AS angstrom, p.id AS protein_id,
  h.chains AS chains, h.residue_start AS from_residue, h.residue_end AS to_residue
ORDER BY coalesce(angstrom, 99.0), structure_id
