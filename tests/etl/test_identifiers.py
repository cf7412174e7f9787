"""Identifiers in columns of sources: what stands for a missing value names nothing."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.identifiers import is_missing, refer
from etl.rows import Ledger, Rows
from etl.sources.reactome import gene_sets
from warehouse import identifier_forms
from warehouse.statements import ROW, Statements

WORDS = [
    "NA",
    "nan",
    "N/A",
    "null",
    "None",
    "-",
    "--",
    ".",
    "",
    " ",
    "#N/A",
    "<NA>",
    "?",
    "\\N",
    "NAT1",
    "TP53",
    "n/a ",
]


@pytest.mark.parametrize("word", WORDS)
def test_columns_and_lists_have_the_same_missing_values(word: str) -> None:
    frame = pl.DataFrame({"gene": [word, None]})
    assert frame.select(is_missing("gene")).to_series().to_list() == [identifier_forms.is_missing(word), True]
    reference = frame.select(refer("hgnc.symbol", "gene")).to_series().to_list()[0]
    assert (reference is None) == identifier_forms.is_missing(word)


@given(st.text(alphabet="NAan/-.?#<> ", max_size=6))
def test_what_a_column_takes_for_missing_a_list_does_too(text: str) -> None:
    if pl.DataFrame({"gene": [text]}).select(is_missing("gene")).item():
        assert identifier_forms.is_missing(text)


def test_a_member_of_a_gene_set_that_is_missing_is_no_gene() -> None:
    """Reactome lists a gene of influenza as NA, which human XK was called once."""
    row = {"name": ["Budding"], "description": ["R-HSA-168302"], "members": [["M1", "NA"]], ROW: [1]}
    [members] = [
        one.frame for one in gene_sets(Rows(pl.DataFrame(row), Ledger("x.gmt"))) if isinstance(one, Statements)
    ]
    assert members["subject"].to_list() == ["hgnc.symbol:M1", None]
