"""Files that are missing, damaged or short: a strict build stops; and what is lost is reported."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from etl.build import build
from tests.etl.builds.cases import PATHWAYS, content_hash, plan
from tests.etl.conftest import FOLDER
from warehouse.errors import SourceError
from warehouse.home import Home
from warehouse.warehouse import Warehouse


def _refused(home: Home, raw: Path, match: str, **options: object) -> str:
    before = home.current()
    with pytest.raises(SourceError, match=match) as told:
        build(home, plan(raw, strict=True, **options))
    assert home.current() == before
    assert list((home.root / "making").iterdir()) == []
    return str(told.value)


def test_too_few_rows_fail_with_file_expected_and_got(home: Home, raw: Path) -> None:
    path = raw / FOLDER / "dgidb" / "genes.tsv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: len(lines) // 2]))
    told = _refused(home, raw, r"dgidb: 2026-07-07/dgidb/genes\.tsv gave 14\d good rows of 300 expected \(14\d read")
    assert "--subset" in told


def test_some_rows_too_few_warn(home: Home, raw: Path) -> None:
    path = raw / FOLDER / "dgidb" / "genes.tsv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: int(len(lines) * 0.8)]))
    receipt = build(home, plan(raw, only=("dgidb",))).receipt()
    status = {one["source"]: one["status"] for one in receipt["sources"]}
    assert status["dgidb"] == "warning"
    assert status["hgnc"] == "green"


def test_a_subset_is_held_to_no_full_count(home: Home, raw: Path) -> None:
    """The manifest gone: without --subset a part of a release is too little of it, with --subset it is what it is."""
    (raw / "targetgraph-subset.json").unlink()
    _refused(home, raw, r"good rows of [\d,]+ expected", only=("hgnc",))
    receipt = build(home, plan(raw, only=("hgnc",), subset=True)).receipt()
    files = [file for one in receipt["sources"] if one["source"] == "hgnc" for file in one["files"]]
    assert all(file["subset"] and file["status"] == "unpinned" for file in files)


def test_a_missing_required_file_names_it(home: Home, raw: Path) -> None:
    (raw / FOLDER / "reactome" / "ReactomePathways.txt").unlink()
    told = _refused(home, raw, r"reactome: the file pathways is missing below .*ReactomePathways", only=("reactome",))
    assert "It is published at https://download.reactome.org/" in told


def test_nothing_to_build_is_told(home: Home, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    _refused(home, empty, "There is no file of any source below")
    _refused(home, tmp_path / "none", "does not exist")
    _refused(home, empty, "There is no source 'nothing'", only=("nothing",))


def _replace(raw: Path, name: str, file: str, content: bytes) -> None:
    (raw / FOLDER / name / file).write_bytes(content)


GENES = "genes.tsv"


def _lines(raw: Path, name: str, file: str) -> list[bytes]:
    return (raw / FOLDER / name / file).read_bytes().splitlines(keepends=True)


def test_a_truncated_gzip_stops_the_build(home: Home, raw: Path) -> None:
    path = raw / FOLDER / "dgidb" / GENES
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    _replace(raw, "dgidb", GENES + ".gz", packed[: len(packed) // 2])
    _refused(home, raw, r"genes\.tsv\.gz: the file is damaged or was cut off", only=("dgidb",))


def test_an_empty_file_stops_the_build(home: Home, raw: Path) -> None:
    _replace(raw, "dgidb", GENES, b"")
    _refused(home, raw, r"genes\.tsv: the file is empty", only=("dgidb",))


def test_a_workbook_without_its_sheet_stops_the_build(sample_raw: Path, tmp_path: Path, home: Home) -> None:
    path = next((sample_raw / FOLDER).rglob("*.xlsx"))
    damaged = tmp_path / "sheets" / path.name
    damaged.parent.mkdir()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(damaged, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'name="TCGA-CDR"', b'name="Other"'))
    _refused(home, damaged.parent, r"TCGA-CDR.*sheet|sheet.*TCGA-CDR", subset=True)


def test_a_lost_column_stops_the_build(home: Home, raw: Path) -> None:
    lines = _lines(raw, "dgidb", GENES)
    _replace(raw, "dgidb", GENES, lines[0].split(b"\t", 1)[1] + b"".join(line.split(b"\t", 1)[1] for line in lines[1:]))
    _refused(
        home, raw, r"genes\.tsv, line 1: the header lacks the column\(s\) gene_claim_name; it has ", only=("dgidb",)
    )


BAD_ROWS = {
    b"R-HSA-1\tonly two": "wrong_column_count",
    b"R-HSA-1\tx\tHomo sapiens\tmore": "wrong_column_count",
    b"R-HSA-1\t\xff\xfe\tHomo sapiens": "not_utf8",
    b"R-HSA-9900001\tthe key again\tHomo sapiens": "duplicate_key",
    b"no id\tx\tHomo sapiens": "bad_identifier",
}


def test_bad_rows_are_in_quarantine_with_file_row_and_text(home: Home, raw: Path) -> None:
    lines = _lines(raw, "reactome", PATHWAYS)
    _replace(raw, "reactome", PATHWAYS, b"".join([*lines, *(row + b"\n" for row in BAD_ROWS)]))
    made = build(home, plan(raw, only=("reactome",)))
    name = f"{FOLDER}/reactome/{PATHWAYS}"
    file = next(file for one in made.receipt()["sources"] for file in one["files"] if file["file"] == name)
    assert file["rows_quarantined"] >= len(BAD_ROWS)
    assert set(BAD_ROWS.values()) <= set(file["quarantined"])
    with Warehouse(made) as opened:
        told = opened.sql(
            "SELECT row, reason, raw FROM quarantine WHERE file = $file AND row > $known ORDER BY row",
            file=name,
            known=len(lines),
        ).rows()
    assert [(row, reason) for row, reason, _raw in told] == list(enumerate(BAD_ROWS.values(), len(lines) + 1))
    assert all(raw for _row, _reason, raw in told)


def test_windows_line_ends_and_unknown_columns_change_nothing_that_is_said(home: Home, raw: Path) -> None:
    before = home.current()
    lines = _lines(raw, "dgidb", GENES)
    said = [line.rstrip(b"\n") + (b"\tcolour" if index == 0 else b"\tred") for index, line in enumerate(lines)]
    _replace(raw, "dgidb", GENES, b"\r\n".join(said) + b"\r\n")
    made = build(home, plan(raw, only=("dgidb",)))
    assert content_hash(made) == content_hash(before)
    unused = [file["unused_columns"] for one in made.receipt()["sources"] for file in one["files"]]
    assert sum(columns.get("colour", 0) for columns in unused) == len(lines) - 1


def test_a_negative_survival_time_and_a_cif_without_resolution(sample_raw: Path, tmp_path: Path) -> None:
    """The one is set aside; the other is a structure whose resolution is not known, such as one by NMR."""
    raw = tmp_path / "raw"
    (raw / "pdb").mkdir(parents=True)
    cif = next((sample_raw / FOLDER / "pdb").glob("9s0*.cif.gz"))
    text = gzip.decompress(cif.read_bytes()).decode()
    kept = [line for line in text.splitlines() if not line.startswith("_refine.ls_d_res_high")]
    name = cif.name.removesuffix(".gz")
    (raw / "pdb" / name).write_text("\n".join(line for line in kept if "resolution" not in line) + "\n")
    survival = raw / "survival" / "LUAD_survival.txt"
    survival.parent.mkdir()
    survival.write_text(
        "sample\t_PATIENT\tOS\tOS.time\n"
        "TCGA-AA-0001-01\tTCGA-AA-0001\t1\t-5\n"
        "TCGA-AA-0002-01\tTCGA-AA-0002\t0\t100\n"
        "TCGA-AA-0003-01\tTCGA-AA-0003\t0\t200\n"
        "TCGA-AA-0004-01\tTCGA-AA-0004\t0\t300\n"
    )
    made = build(Home(tmp_path / "odd"), plan(raw, subset=True))
    with Warehouse(made) as opened:
        assert opened.sql("SELECT resolution_angstrom FROM structure").rows() == [(None,)]
        assert opened.sql("SELECT count(*) FROM survival").rows() == [(3,)]
        told = opened.sql("SELECT file, row, reason, detail FROM quarantine WHERE reason = 'out_of_range'").rows()
    assert told[0][:3] == ("survival/LUAD_survival.txt", 2, "out_of_range")
    assert "-5" in told[0][3]
