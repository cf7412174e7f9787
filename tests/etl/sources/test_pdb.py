"""PDBx/mmCIF: what an entry says, and that cutting the coordinates out of it changes nothing."""

from __future__ import annotations

import datetime
import gzip
from pathlib import Path

import polars as pl
import pytest
from gemmi import cif

from etl.formats import Mmcif
from etl.formats.macromolecular import _without_coordinates
from etl.locate import Folder, FoundFile, find
from etl.reading import new_ledger, read
from etl.rows import Ledger
from etl.source import source
from etl.sources._structures import pdb_id
from etl.sources.pdb import SOURCE
from tests.conftest import SmallBuild, stated
from warehouse.analyst.identifiers import resolve
from warehouse.search import search

FIXTURES = Path(__file__).parent.parent / "fixtures" / "pdb"


def _statements(code: str) -> dict[str, pl.DataFrame]:
    files = find(SOURCE, Folder(FIXTURES, subset=True)).files
    file = next(file for file in files if code in file.name)
    part = SOURCE.part("entries")
    return {
        name: frame for batch in read(file, part, new_ledger(file, SOURCE.options)) for name, frame in batch.statements
    }


def _read(path: Path) -> tuple[int, Ledger]:
    ledger = Ledger(path.name)
    rows = list(Mmcif({"struct": ("title",)}).read(path, ledger))
    return sum(batch.frame.height for batch in rows), ledger


def test_a_crystal_structure() -> None:
    said = _statements("9xa1")
    structure = said["Structure"].row(0, named=True)
    assert structure["id"] == "pdb:9xa1"
    assert structure["name"] == "AN INVENTED STRUCTURE # OF A KINASE"
    assert structure["resolution_angstrom"] == 1.8
    assert structure["release_date"] == datetime.date(2001, 2, 3)
    assert structure["revision_date"] == datetime.date(2011, 7, 13)
    assert structure["polymer_residue_count"] == 40
    assert structure["enzyme_classes"] == ["2.7.10.1", "2.7.11.1"]
    seen = said["HAS_STRUCTURE"].row(0, named=True)
    assert (seen["subject"], seen["chains"], seen["segments"]) == (
        "uniprot:P00533",
        ["A", "B"],
        ["A:703-720", "B:711-720"],
    )
    assert (seen["residue_start"], seen["residue_end"], seen["coverage"]) == (703, 720, 0.9)
    assert said["SmallMolecule"]["id"].to_list() == ["pdb.ligand:ATP"]
    assert said["Publication"].select("id", "year", "doi").row(0) == ("pubmed:11111111", 2001, "10.1000/ABC")


def test_the_best_of_several_resolutions_and_none_of_nmr() -> None:
    several = _statements("9xa3")["Structure"].row(0, named=True)
    assert several["method"] == "ELECTRON MICROSCOPY; SOLUTION SCATTERING"
    assert several["resolution_angstrom"] == 3.2
    assert several["taxon_ids"] == ["10090", "10091"]
    nmr = _statements("9xa2")["Structure"].row(0, named=True)
    assert nmr["resolution_angstrom"] is None
    assert nmr["model_count"] == 20


def test_an_entry_keeps_what_is_good_of_its_lists() -> None:
    said = _statements("9xa3")
    assert said["Protein"]["id"].to_list() == ["uniprot:O88898"]
    assert said["EnzymeClass"].is_empty()


@pytest.mark.parametrize("size", [1, 7, 64, 10**6])
def test_without_coordinates_the_rest_is_the_same(size: int) -> None:
    text = (FIXTURES / "9xa1.cif").read_bytes()
    short = _without_coordinates(text[start : start + size] for start in range(0, len(text), size))
    assert short is not None
    whole, cut = cif.read_string(text)[0], cif.read_string(short)[0]
    names = [name for name in whole.get_mmcif_category_names() if name != "_atom_site."]
    assert cut.get_mmcif_category_names() == names
    assert all(whole.get_mmcif_category(name) == cut.get_mmcif_category(name) for name in names)


@pytest.mark.parametrize("lines", range(1, 75, 7))
def test_a_document_that_was_cut_off_goes_to_quarantine(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "9xa1.cif"
    path.write_bytes(b"\n".join((FIXTURES / "9xa1.cif").read_bytes().split(b"\n")[: -1 - lines]))
    kept, ledger = _read(path)
    ends_with_a_category = path.read_bytes().rstrip().endswith(b"#")
    assert (kept, ledger.rows_quarantined) == ((1, 0) if ends_with_a_category else (0, 1))


def test_windows_line_ends_and_a_damaged_archive(tmp_path: Path) -> None:
    text = (FIXTURES / "9xa1.cif").read_bytes()
    windows = tmp_path / "9xa1.cif"
    windows.write_bytes(text.replace(b"\n", b"\r\n"))
    assert _read(windows)[0] == 1
    packed = tmp_path / "9xa2.cif.gz"
    packed.write_bytes(gzip.compress(text)[:300])
    kept, ledger = _read(packed)
    assert (kept, ledger.rows_read, ledger.rows_quarantined) == (0, 1, 1)
    assert "cut off" in ledger.rejected[0]["detail"][0]


_BLOCKS = {
    "entity": "loop_\n_entity.id\n_entity.type\n1 polymer\n2 polymer\n3 water\n#\n",
    "entity_poly": "loop_\n_entity_poly.entity_id\n_entity_poly.pdbx_seq_one_letter_code_can\n"
    "_entity_poly.pdbx_strand_id\n1 MKTA A,B\n2 ACGT C\n#\n",
}


@pytest.mark.parametrize(
    ("blocks", "polymers", "residues"),
    [
        (_BLOCKS["entity"] + _BLOCKS["entity_poly"], 2, 12),
        (_BLOCKS["entity"], 2, None),
        (_BLOCKS["entity_poly"], None, 12),
        ("", None, None),
        ("_entity.id 1\n_entity.type non-polymer\n#\n", 0, 0),
        ("_entity.id 1\n_entity.type ?\n#\n" + _BLOCKS["entity_poly"], None, 12),
        (_BLOCKS["entity"] + _BLOCKS["entity_poly"].replace("ACGT", "?"), 2, None),
        (_BLOCKS["entity"] + _BLOCKS["entity_poly"].replace(" C\n", " ?\n"), 2, None),
    ],
)
def test_what_a_document_does_not_say_is_not_counted_as_zero(
    tmp_path: Path, blocks: str, polymers: int | None, residues: int | None
) -> None:
    (tmp_path / "9xa1.cif").write_text(f"data_9XA1\n#\n_entry.id 9XA1\n#\n{blocks}")
    (file,) = find(SOURCE, Folder(tmp_path, subset=True)).files
    batches = list(read(file, SOURCE.part("entries"), new_ledger(file, SOURCE.options)))
    structure = dict(batches[0].statements)["Structure"].row(0, named=True)
    assert (structure["polymer_entity_count"], structure["polymer_residue_count"]) == (polymers, residues)


def test_a_protein_of_which_no_residue_is_aligned_has_no_coverage(tmp_path: Path) -> None:
    reference = (
        "_struct_ref.id 1\n_struct_ref.db_name UNP\n_struct_ref.entity_id 1\n_struct_ref.pdbx_db_accession P00533\n#\n"
    )
    text = f"data_9XA1\n#\n_entry.id 9XA1\n#\n{_BLOCKS['entity']}{_BLOCKS['entity_poly']}{reference}"
    (tmp_path / "9xa1.cif").write_text(text)
    (file,) = find(SOURCE, Folder(tmp_path, subset=True)).files
    batches = list(read(file, SOURCE.part("entries"), new_ledger(file, SOURCE.options)))
    assert dict(batches[0].statements)["HAS_STRUCTURE"]["coverage"].to_list() == [None]


_TABLES = {
    ("pdb", "entries"): ("{id}.cif", "data_x\n#\n_entry.id {ID}\n#\n"),
    ("pdb", "ids"): ("total-id-list", "{ID}\n"),
    ("pdb", "entry_types"): ("pdb_entry_type.txt", "{id}\tprot\tdiffraction\n"),
    ("sifts", "proteins"): (
        "pdb_chain_uniprot.csv",
        "PDB,CHAIN,SP_PRIMARY,RES_BEG,RES_END,PDB_BEG,PDB_END,SP_BEG,SP_END\n{id},A,P00533,1,9,1,9,1,9\n",
    ),
    ("sifts", "protein_structures"): ("uniprot_pdb.csv", "SP_PRIMARY,PDB\nP00533,{id}\n"),
    ("kgx", "nodes"): ("kgx/nodes.tsv", "id\tcategory\nPDB:{ID}\tbiolink:MolecularEntity\n"),
}


@pytest.mark.parametrize("code", ["9aa9", "pdb_00009aa9"])
@pytest.mark.parametrize(("name", "part"), list(_TABLES))
def test_both_forms_of_an_identifier_are_one_structure(tmp_path: Path, name: str, part: str, code: str) -> None:
    file_name, text = _TABLES[name, part]
    path = tmp_path / file_name.format(id=code)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.format(id=code, ID=code.upper()))
    declared = source(name)
    found = FoundFile(name, part, path, path.name, "1", "0" * 64, 1, None, True)
    statements = [
        (type_name, frame)
        for batch in read(found, declared.part(part), new_ledger(found, declared.options))
        for type_name, frame in batch.statements
    ]
    assert [frame["id"].to_list() for type_name, frame in statements if type_name == "Structure"] == [["pdb:9aa9"]]
    ends = [frame["object"].to_list() for type_name, frame in statements if type_name == "HAS_STRUCTURE"]
    assert all(end == ["pdb:9aa9"] for end in ends if end)


def test_an_identifier_with_no_short_form_keeps_its_own() -> None:
    codes = pl.DataFrame({"entry": ["PDB_10009AA9", "pdb_0000abcd"]})
    assert codes.select(pdb_id("entry")).to_series().to_list() == ["pdb:pdb_10009aa9", "pdb:pdb_0000abcd"]


@pytest.mark.parametrize("text", ["9aa9", "9AA9", "pdb_00009aa9", "PDB_00009AA9", "pdb:9aa9", "PDB:pdb_00009aa9"])
def test_people_may_write_either_form(small: SmallBuild, text: str) -> None:
    small.say("pdb", stated("Structure", id="pdb:9aa9", name="a kinase"), stated("Structure", id="pdb:1234"))
    small.finish()
    (meaning,) = resolve(small.writer.connection, [text], "Structure")
    assert meaning.id == "pdb:9aa9"
    (digits,) = resolve(small.writer.connection, ["pdb_00001234"], "Structure")
    assert digits.id == "pdb:1234"
    assert [row[0] for row in search(small.writer.connection, text).rows()][:1] == ["pdb:9aa9"]
