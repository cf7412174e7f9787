"""What the sources of structures share: the forms of their identifiers."""

from __future__ import annotations

import polars as pl

from etl.identifiers import is_uniprot
from etl.rows import Rows
from warehouse.identifier_forms import EXTENDED_PDB_PATTERN
from warehouse.statements import Reason

#: An identifier of the Protein Data Bank in lower case: four characters, or the extended form.
PDB_ID = r"^(?:[0-9][a-z0-9]{3}|pdb_[a-z0-9]{8})$"

#: An EC number; classes may be open to the right (`3.4.21.-`), preliminary ones are counted by themselves (`3.5.1.n3`).
EC_NUMBER = r"^[1-7](?:\.(?:\d+|n\d+|-)){0,3}$"


def pdb_id(column: str) -> pl.Expr:
    """The CURIE of a structure; an entry with a short identifier goes by it, also where the extended one is written.

    >>> entries = pl.DataFrame({"entry": ["1ABC", "pdb_00001abc", "pdb_10001abc"]})
    >>> entries.select(pdb_id("entry")).to_series().to_list()
    ['pdb:1abc', 'pdb:1abc', 'pdb:pdb_10001abc']
    """
    return "pdb:" + pdb_code(pl.col(column))


def pdb_code(name: pl.Expr) -> pl.Expr:
    """The identifier of an entry in lower case, the short one where there is one."""
    return name.str.to_lowercase().str.replace(EXTENDED_PDB_PATTERN, "${1}")


def with_pdb_ids(rows: Rows, column: str) -> Rows:
    """The rows whose column names an entry of the Protein Data Bank."""
    return rows.reject(~is_pdb(column), Reason.BAD_IDENTIFIER, f"{column} is no PDB identifier", pl.col(column))


def with_uniprot_ids(rows: Rows, column: str, *, required: bool = True) -> Rows:
    """The rows whose column names a protein of UniProt, or nothing where it is not required."""
    wrong = ~is_uniprot(column) if required else ~is_uniprot(column) & pl.col(column).is_not_null()
    return rows.reject(wrong, Reason.BAD_IDENTIFIER, f"{column} is no UniProt accession", pl.col(column))


def is_pdb(column: str) -> pl.Expr:
    """Whether a column names an entry of the Protein Data Bank, in lower or upper case."""
    return pl.col(column).str.to_lowercase().str.contains(PDB_ID).fill_null(False)
