"""The Protein Data Bank of the sample: one PDBx/mmCIF document for each structure, without coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from etl.sample.output import Output
from etl.sample.world import Structure, World


def write(world: World, output: Output) -> None:
    """Write the documents."""
    random = world.random("pdb")
    for number, structure in enumerate(world.structures):
        output.write(f"pdb/{structure.pdb}.cif.gz", _document(structure, number, random), rows=1)


def _document(one: Structure, number: int, random: Random) -> str:
    length = one.end - one.start + 1
    sequence = "".join(random.choices("ACDEFGHIKLMNPQRSTVWY", k=length))
    accession, entity = one.gene.uniprot, "2.7.11.1" if "kinase" in one.gene.name else "?"
    blocks = [
        _item("entry", {"id": one.pdb.upper()}),
        _item("struct", {"entry_id": one.pdb.upper(), "title": f"Sample structure of {one.gene.name}"}),
        _item("exptl", {"entry_id": one.pdb.upper(), "method": one.method}),
        _resolution(one),
        _item("pdbx_database_status", {"recvd_initial_deposition_date": f"{one.year - 1}-06-15", "status_code": "REL"}),
        _loop(
            "pdbx_audit_revision_history",
            ("ordinal", "data_content_type", "revision_date"),
            [(1, "Structure model", f"{one.year}-03-01"), (2, "Structure model", f"{one.year + 1}-01-10")],
        ),
        _loop(
            "entity",
            ("id", "type", "pdbx_description", "pdbx_number_of_molecules", "pdbx_ec"),
            [
                (1, "polymer", one.gene.name, 1, entity),
                *([(2, "non-polymer", "ADENOSINE-5'-TRIPHOSPHATE", 1, "?")] if one.ligand else []),
                (3, "water", "water", 90, "?"),
            ],
        ),
        _item(
            "entity_poly",
            {
                "entity_id": 1,
                "type": "polypeptide(L)",
                "pdbx_seq_one_letter_code_can": sequence,
                "pdbx_strand_id": "A",
            },
        ),
        _item(
            "entity_src_gen",
            {
                "entity_id": 1,
                "pdbx_gene_src_scientific_name": "Homo sapiens",
                "pdbx_gene_src_ncbi_taxonomy_id": 9606,
            },
        ),
        _item("pdbx_struct_assembly", {"id": 1, "details": "author_defined_assembly"}),
        _item(
            "citation",
            {
                "id": "primary",
                "title": f"A structure of {one.gene.name}",
                "journal_abbrev": "Sample J.Struct.Biol.",
                "year": one.year,
                "pdbx_database_id_PubMed": 99_002_000 + number,
                "pdbx_database_id_DOI": f"10.99999/sample.{one.pdb}",
            },
        ),
        _ligand() if one.ligand else "",
        _item(
            "struct_ref",
            {
                "id": 1,
                "db_name": "UNP",
                "db_code": f"{one.gene.symbol}_HUMAN",
                "entity_id": 1,
                "pdbx_db_accession": accession,
            },
        ),
        _item(
            "struct_ref_seq",
            {
                "align_id": 1,
                "ref_id": 1,
                "pdbx_strand_id": "A",
                "seq_align_beg": 1,
                "seq_align_end": length,
                "pdbx_db_accession": accession,
                "db_align_beg": one.start,
                "db_align_end": one.end,
            },
        ),
    ]
    return f"data_{one.pdb.upper()}\n#\n" + "".join(blocks)


def _resolution(one: Structure) -> str:
    if one.method == "X-RAY DIFFRACTION":
        return _item("refine", {"entry_id": one.pdb.upper(), "ls_d_res_high": one.resolution})
    if one.method == "ELECTRON MICROSCOPY":
        return _item("em_3d_reconstruction", {"entry_id": one.pdb.upper(), "id": 1, "resolution": one.resolution})
    return _item("pdbx_nmr_ensemble", {"entry_id": one.pdb.upper(), "conformers_submitted_total_number": 20})


def _ligand() -> str:
    name = "ADENOSINE-5'-TRIPHOSPHATE"
    component = ("ATP", "non-polymer", name, "C10 H16 N5 O13 P3", 507.181)
    return _loop("pdbx_entity_nonpoly", ("entity_id", "name", "comp_id"), [(2, name, "ATP")]) + _loop(
        "chem_comp", ("id", "type", "name", "formula", "formula_weight"), [component]
    )


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
