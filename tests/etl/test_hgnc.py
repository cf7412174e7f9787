"""What the generic source tests cannot see of HGNC: files that stand for each other, and withdrawn entries."""

from pathlib import Path

import pytest

from etl.locate import Folder, find
from etl.reading import new_ledger, read
from etl.source import source
from warehouse.errors import SourceError

_FIXTURE = Path(__file__).parent / "fixtures" / "hgnc"


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
