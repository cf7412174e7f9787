"""What a source hands over: frames of statements, and the reasons for which a row or a value is set aside.

A frame of statements has the columns of its type in the data model (those it knows; the rest become null) and the
column `ROW`: the number of the row in the file, from 1, which the reader wrote and no source may set.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

#: The column in which a reader writes the number of a row; it travels with every statement.
ROW = "_row"

#: The column that says, in a frame of rows of several files, which file a row is of.
FILE = "_file"


class Reason(StrEnum):
    """Why a row, a statement or a value is in quarantine; the value is the sentence that a user reads."""

    WRONG_COLUMN_COUNT = "The row has another number of columns than the header."
    NOT_UTF8 = "The row holds bytes that are no UTF-8 text."
    UNREADABLE = "The row or the document cannot be read in the format of the file."
    MISSING_VALUE = "A required value is missing."
    BAD_VALUE = "A value is not of the declared type or not among the allowed ones."
    OUT_OF_RANGE = "A number is outside the range that it can have."
    BAD_IDENTIFIER = "An identifier has not the form that its database gives it."
    DUPLICATE_KEY = "The key stands in an earlier row of the same file."
    CONFLICTING_ROWS = "Rows that describe one thing contradict each other."
    UNKNOWN_TYPE = "The row names a kind of thing or relation that the source does not declare."
    WITHDRAWN = "The source has withdrawn the entry."
    UNKNOWN_REFERENCE = "No source states the entity that is referred to."
    AMBIGUOUS_REFERENCE = "The reference fits several entities and so resolves to none."
    WRONG_ENDS = "The relationship is not declared between these types of entities."
    AMBIGUOUS_MERGE = "An identifier is said to equal several canonical ones and so is merged with none."

    @property
    def code(self) -> str:
        """The short form that is stored and counted: `wrong_column_count`."""
        return self.name.lower()


class Scope(StrEnum):
    """How much of a file an entry of the quarantine is about; the value is the sentence that a user reads."""

    ROW = "The row was set aside whole."
    STATEMENT = "One statement of the row was set aside; the row was kept."
    CELL = "One value was set aside and counts as missing; the row was kept."
    COLUMN = "A column of a matrix was set aside; the rows were kept."

    @property
    def code(self) -> str:
        """The short form that is stored: `cell`."""
        return self.name.lower()


@dataclass(frozen=True)
class Statements:
    """Statements of one type, read from one file.

    Args:
        type: the name of the entity type, relationship type or table in the model.
        frame: columns of that type and `ROW`; relationships have `subject` and `object`.
        unique: the key must not repeat within the file; a later row with the same key goes to quarantine.
        listed: a row lists several of these (the members of a set), or says them beside its main statement (the
            diagnosis of a patient): one without its key is set aside alone and the row is kept.
    """

    type: str
    frame: pl.DataFrame
    unique: bool = False
    listed: bool = False


@dataclass(frozen=True)
class Matrix:
    """A matrix, read from one file: its values in long form.

    Args:
        name: its table: lower snake case, unique among all matrices (`tcga_luad_expression`).
        kind: the name of its `MatrixKind`, which says what its features are and which layers it may have.
        cohort: the id of the cohort.
        unit: the unit of the values in words.
        row_type: what a row of the matrix is, of those that the kind allows: `Patient`, `Sample`, `cell`, ...
        frame: `row_id` (the CURIE of the patient or sample; a name for what is not an entity), `feature` (the name in
            the file; the number of a component), `value`, a column for each layer, `ROW`.
        feature_prefix: what makes a feature a reference (`hgnc.symbol`); empty where a feature is a whole CURIE.
        layers: the layers that it has.
        sparse: what is not stated is 0, not missing; None = as the kind says.
        all_rows: `row_id`, `ROW`: rows that are there, with or without a value; None = those of `frame`.
        all_features: `feature`, `ROW`: likewise; of two that mean one entity the smaller `ROW` is used.
    """

    name: str
    kind: str
    cohort: str
    unit: str
    row_type: str
    frame: pl.DataFrame
    feature_prefix: str = "hgnc.symbol"
    layers: tuple[str, ...] = ()
    sparse: bool | None = None
    all_rows: pl.DataFrame | None = None
    all_features: pl.DataFrame | None = None

    @property
    def value_columns(self) -> tuple[str, ...]:
        """The columns of the frame that hold values: `value` and the layers."""
        return ("value", *self.layers)


Stated = Statements | Matrix


def entities(label: str, frame: pl.DataFrame, *, unique: bool = False, listed: bool = False) -> Statements:
    """Statements about entities; the frame has `id` and properties of the type.

    >>> entities("Pathway", pl.DataFrame({"id": ["reactome:R-HSA-1"], "name": ["x"], ROW: [1]})).type
    'Pathway'
    """
    return Statements(label, frame, unique, listed)


def relationships(name: str, frame: pl.DataFrame, *, unique: bool = False, listed: bool = False) -> Statements:
    """Statements about relationships; the frame has `subject`, `object` and properties of the type."""
    return Statements(name, frame, unique, listed)


def table_rows(name: str, frame: pl.DataFrame, *, unique: bool = False) -> Statements:
    """Rows of a table of the model."""
    return Statements(name, frame, unique)


def vector_values(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame of a matrix of vectors, from one row for each vector: `row_id`, `vector` (a list of numbers), `ROW`.

    >>> vector_values(pl.DataFrame({"row_id": ["a"], "vector": [[0.5, 2.0]], ROW: [1]})).rows()
    [('a', '0', 0.5, 1), ('a', '1', 2.0, 1)]
    """
    numbered = frame.with_columns(vector=pl.col("vector").cast(pl.List(pl.Float32)))
    numbered = numbered.with_columns(feature=pl.int_ranges(pl.col("vector").list.len()).cast(pl.List(pl.String)))
    return (
        numbered.explode("vector", "feature")
        .select("row_id", "feature", ROW, value="vector")
        .select("row_id", "feature", "value", ROW)
    )
