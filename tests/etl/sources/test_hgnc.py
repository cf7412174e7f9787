"""What the generic source tests cannot see of HGNC: files that stand for each other, and withdrawn entries."""

from pathlib import Path

import pytest

from etl.locate import Folder, find
from etl.reading import new_ledger, read
from etl.source import source
from warehouse.errors import SourceError

_FIXTURE = Path(__file__).parent.parent / "fixtures" / "hgnc"


def test_one_of_the_two_gene_tables_is_needed(tmp_path: Path) -> None:
    (tmp_path / "hgncID_to_symbol.tsv").write_text("HGNC ID\tApproved symbol\nHGNC:5\tA1BG\n")
    with pytest.raises(SourceError, match=r"there is no gene table.*hgnc_complete_set.*hgnc_custom"):
        find(source("hgnc"), Folder(tmp_path))


def test_either_gene_table_will_do(tmp_path: Path) -> None:
    (tmp_path / "hgnc_custom_genes.txt").write_bytes((_FIXTURE / "hgnc_custom_genes.txt").read_bytes())
    assert [file.part for file in find(source("hgnc"), Folder(tmp_path)).files] == ["custom_genes"]


def test_what_one_file_withdraws_no_other_states() -> None:
    hgnc = source("hgnc")
    withdrawn: set[str] = set()
    stated: set[str] = set()
    for file in find(hgnc, Folder(_FIXTURE)).files:
        for batch in read(file, hgnc.part(file.part), new_ledger(file, hgnc.options, withdrawn)):
            for name, frame in batch.statements:
                stated |= set(frame["id"]) if name == "Gene" else set()
    assert withdrawn == {"hgnc:990002", "hgnc:990005"}
    assert not stated & withdrawn


def test_refseq_accessions_are_kept_without_their_version(tmp_path: Path) -> None:
    columns = [
        *("hgnc_id", "symbol", "name", "locus_group", "locus_type", "status", "location", "alias_symbol"),
        *("prev_symbol", "gene_group", "entrez_id", "ensembl_gene_id", "refseq_accession", "uniprot_ids", "omim_id"),
        "mirbase",
    ]
    row = dict.fromkeys(columns, "") | {"hgnc_id": "HGNC:5", "symbol": "A1BG", "status": "Approved"}
    row |= {"refseq_accession": "NM_130786|NG_012.3", "entrez_id": "1"}
    text = "\t".join(columns) + "\n" + "\t".join(row.values()) + "\n"
    (tmp_path / "hgnc_complete_set.txt").write_text(text)
    hgnc = source("hgnc")
    [file] = find(hgnc, Folder(tmp_path)).files
    [identifiers] = [
        frame["identifiers"].to_list()[0]
        for batch in read(file, hgnc.part(file.part), new_ledger(file, hgnc.options, set()))
        for name, frame in batch.statements
        if name == "Gene"
    ]
    assert set(identifiers) == {"ncbigene:1", "refseq:NM_130786", "refseq:NG_012"}
