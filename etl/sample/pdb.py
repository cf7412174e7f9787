"""The Protein Data Bank of the sample: one PDBx/mmCIF document for each structure, without coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from etl.sample.output import Output
from etl.sample.world import Structure, World

_LIGAND = "ADENOSINE-5'-TRIPHOSPHATE"


def write(world: World, output: Output) -> None:
    """Write the documents."""
    random = world.random("pdb")
    for number, structure in enumerate(world.structures):
        output.write(f"pdb/{structure.pdb}.cif.gz", _document(structure, number, random), rows=1)


def _document(one: Structure, number: int, random: Random) -> str:
    """An entry: what it is, what it is made of, who described it, and which protein it shows."""
    blocks = [*_entry(one), *_molecules(one, random), _citation(one, number), *_alignment(one)]
    return f"data_{one.pdb.upper()}\n#\n" + "".join(blocks)


def _entry(one: Structure) -> Iterator[str]:
    entry_id = one.pdb.upper()
    yield _item("entry", {"id": entry_id})
    yield _item("struct", {"entry_id": entry_id, "title": f"Sample structure of {one.gene.name}"})
    yield _item("exptl", {"entry_id": entry_id, "method": one.method})
    yield _resolution(one)
    deposited = f"{one.year - 1}-06-15"
    yield _item("pdbx_database_status", {"recvd_initial_deposition_date": deposited, "status_code": "REL"})
    history = [(1, "Structure model", f"{one.year}-03-01"), (2, "Structure model", f"{one.year + 1}-01-10")]
    yield _loop("pdbx_audit_revision_history", ("ordinal", "data_content_type", "revision_date"), history)
    yield _item("pdbx_struct_assembly", {"id": 1, "details": "author_defined_assembly"})


def _molecules(one: Structure, random: Random) -> Iterator[str]:
    enzyme_class = "2.7.11.1" if "kinase" in one.gene.name else "?"
    ligand = [(2, "non-polymer", _LIGAND, 1, "?")] if one.ligand else []
    parts = [(1, "polymer", one.gene.name, 1, enzyme_class), *ligand, (3, "water", "water", 90, "?")]
    yield _loop("entity", ("id", "type", "pdbx_description", "pdbx_number_of_molecules", "pdbx_ec"), parts)
    sequence = "".join(random.choices("ACDEFGHIKLMNPQRSTVWY", k=one.end - one.start + 1))
    polymer = {"entity_id": 1, "type": "polypeptide(L)", "pdbx_seq_one_letter_code_can": sequence}
    yield _item("entity_poly", {**polymer, "pdbx_strand_id": "A"})
    human = {"pdbx_gene_src_scientific_name": "Homo sapiens", "pdbx_gene_src_ncbi_taxonomy_id": 9606}
    yield _item("entity_src_gen", {"entity_id": 1, **human})
    if one.ligand:
        yield _loop("pdbx_entity_nonpoly", ("entity_id", "name", "comp_id"), [(2, _LIGAND, "ATP")])
        component = ("ATP", "non-polymer", _LIGAND, "C10 H16 N5 O13 P3", 507.181)
        yield _loop("chem_comp", ("id", "type", "name", "formula", "formula_weight"), [component])


def _citation(one: Structure, number: int) -> str:
    paper = {"id": "primary", "title": f"A structure of {one.gene.name}", "journal_abbrev": "Sample J.Struct.Biol."}
    identifiers = {
        "pdbx_database_id_PubMed": 99_002_000 + number,
        "pdbx_database_id_DOI": f"10.99999/sample.{one.pdb}",
    }
    return _item("citation", {**paper, "year": one.year, **identifiers})


def _alignment(one: Structure) -> Iterator[str]:
    accession = {"pdbx_db_accession": one.gene.uniprot}
    reference = {"id": 1, "db_name": "UNP", "db_code": f"{one.gene.symbol}_HUMAN", "entity_id": 1}
    yield _item("struct_ref", {**reference, **accession})
    chain = {"align_id": 1, "ref_id": 1, "pdbx_strand_id": "A", "seq_align_beg": 1}
    residues = {"seq_align_end": one.end - one.start + 1, "db_align_beg": one.start, "db_align_end": one.end}
    yield _item("struct_ref_seq", {**chain, **residues, **accession})


def _resolution(one: Structure) -> str:
    if one.method == "X-RAY DIFFRACTION":
        return _item("refine", {"entry_id": one.pdb.upper(), "ls_d_res_high": one.resolution})
    if one.method == "ELECTRON MICROSCOPY":
        return _item("em_3d_reconstruction", {"entry_id": one.pdb.upper(), "id": 1, "resolution": one.resolution})
    return _item("pdbx_nmr_ensemble", {"entry_id": one.pdb.upper(), "conformers_submitted_total_number": 20})


def _item(category: str, values: Mapping[str, object]) -> str:
    lines = [f"_{category}.{name:<34} {_quoted(value)}\n" for name, value in values.items()]
    return "".join(lines) + "#\n"


def _loop(category: str, items: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"_{category}.{item}\n" for item in items)
    return f"loop_\n{head}" + "".join(" ".join(map(_quoted, row)) + "\n" for row in rows) + "#\n"


def _quoted(value: object) -> str:
    """A value as CIF writes it: quoted where it has spaces or quotes, long text between semicolons."""
    text = "?" if value is None else str(value)
    if len(text) > 80:
        lines = [text[start : start + 80] for start in range(0, len(text), 80)]
        return "\n;" + "\n".join(lines) + "\n;"
    return f'"{text}"' if " " in text or "'" in text else text
