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
from etl.locate import Folder, find
from etl.reading import new_ledger, read
from etl.rows import Ledger
from etl.sources.pdb import SOURCE

FIXTURES = Path(__file__).parent / "fixtures" / "pdb"


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
