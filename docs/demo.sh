#!/bin/sh
# The three questions of `make demo`, asked of the generated sample. Usage: docs/demo.sh path/to/targetgraph
set -eu
targetgraph=${1:-targetgraph}

ask() {
    printf '\n%s\n\n%s\n' "$1" "$3"
    "$targetgraph" "$2" --sample "$3"
}

ask "1. Which drugs bind genes of a pathway, and how? (Cypher)" query "
    MATCH (d:Drug)-[b:BINDS]->(g:Gene)-[:PARTICIPATES_IN]->(p:Pathway)
    RETURN p.name AS pathway, g.symbol AS gene, d.name AS drug, b.actions AS actions, b.sources AS sources
    ORDER BY pathway, gene, drug LIMIT 5"
ask "2. Which structures of a gene's protein are better than 2.5 angstrom? (Cypher)" query "
    MATCH (g:Gene)-[:ENCODES]->(:Protein)-[:HAS_STRUCTURE]->(s:Structure)
    WHERE s.resolution_angstrom < 2.5
    RETURN g.symbol AS gene, s.id AS structure, s.method AS method, s.resolution_angstrom AS angstrom
    ORDER BY angstrom, structure LIMIT 5"
ask "3. On which values do two sources disagree, and which one is shown? (SQL)" sql "
    SELECT entity_id, property, value, shown, source, file, row
    FROM conflicts WHERE entity_type = 'Gene'
    ORDER BY entity_id, property, shown DESC, source LIMIT 6"

cat <<'END'

Where to go next
  targetgraph search TP53 --sample       find an entity by any of its names
  targetgraph status --sample            what was read, kept and set aside, by source
  targetgraph model Gene                 what a gene carries
  targetgraph build --raw FOLDER         build from your own downloads
  docs/questions.md                      questions with their answers, in Cypher and SQL
END
