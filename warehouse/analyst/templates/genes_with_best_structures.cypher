// title: Best structures of a list of genes
// question: Which genes of a list have a structure better than a given resolution?
// parameter genes: list of Gene, symbols or identifiers
// parameter most_angstrom: number = 2.5, the resolution that is still good enough
// example: genes=TP53 PTPN11 SRC CBL
MATCH (g:Gene)-[:ENCODES]->(:Protein)-[:HAS_STRUCTURE]->(s:Structure)
WHERE g.id IN $genes AND s.resolution_angstrom <= $most_angstrom
WITH g, s ORDER BY s.resolution_angstrom, s.id
RETURN g.symbol AS gene, count(DISTINCT s) AS structures, min(s.resolution_angstrom) AS best_angstrom,
  head(collect(s.id)) AS best_structure
ORDER BY gene
