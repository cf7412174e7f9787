"""SIFTS of the sample: which protein, family, domain and enzyme class each chain stands for."""

from __future__ import annotations

from collections.abc import Sequence

from etl.sample.output import Output
from etl.sample.world import World

_FIRST_LINE = "# 2026/07/04 - 05:35 | PDB: 27.26 | UniProt: 2026.02\n"


def write(world: World, output: Output) -> None:
    """Write the tables of chains."""
    seen = world.structures
    segments = [
        (one.pdb, "A", one.gene.uniprot, 1, one.end - one.start + 1, one.start, one.end, one.start, one.end)
        for one in seen
    ]
    header = ("PDB", "CHAIN", "SP_PRIMARY", "RES_BEG", "RES_END", "PDB_BEG", "PDB_END", "SP_BEG", "SP_END")
    _write(output, "pdb_chain_uniprot", header, segments)
    entries: dict[str, list[str]] = {}
    for one in seen:
        entries.setdefault(one.gene.uniprot, []).append(one.pdb)
    listed = [(protein, ";".join(sorted(found))) for protein, found in sorted(entries.items())]
    _write(output, "uniprot_pdb", ("SP_PRIMARY", "PDB"), listed)
    families = [(one.pdb, "A", one.gene.uniprot, f"PF99{one.gene.residues % 9:03d}", 0.9) for one in seen]
    _write(output, "pdb_chain_pfam", ("PDB", "CHAIN", "SP_PRIMARY", "PFAM_ID", "COVERAGE"), families)
    cath = [(one.pdb, "A", one.gene.uniprot, f"{one.pdb}A00") for one in seen]
    _write(output, "pdb_chain_cath_uniprot", ("PDB", "CHAIN", "SP_PRIMARY", "CATH_ID"), cath)
    scop = [(one.pdb, "A", one.gene.uniprot, 9_900_000 + number, f"d{one.pdb}a_") for number, one in enumerate(seen)]
    _write(output, "pdb_chain_scop_uniprot", ("PDB", "CHAIN", "SP_PRIMARY", "SUNID", "SCOP_ID"), scop)
    enzymes = [(one.pdb, "A", one.gene.uniprot, "2.7.11.1") for one in seen if "kinase" in one.gene.name]
    _write(output, "pdb_chain_enzyme", ("PDB", "CHAIN", "ACCESSION", "EC_NUMBER"), enzymes)


def _write(output: Output, name: str, header: tuple[str, ...], lines: Sequence[Sequence[object]]) -> None:
    output.table(f"sifts/{name}.csv.gz", lines, header=header, separator=",", preamble=_FIRST_LINE)
