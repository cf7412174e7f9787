"""What a run publishes beside entities and relationships: tables that are declared with columns, units and meanings.

The declarations stand in the folders of the analyses, which the warehouse does not know: `providers.bring` hands them
over. In SQL they are views `<analysis>_<table>` with the column `run` in front: empty in a build without runs, over
all active runs otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from warehouse.errors import AnalysisError
from warehouse.results.providers import PROVIDERS

if TYPE_CHECKING:
    import polars as pl

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class ColumnType(StrEnum):
    """What a column holds; the value is DuckDB's name of the type."""

    STRING = "VARCHAR"
    INTEGER = "BIGINT"
    NUMBER = "DOUBLE"
    BOOLEAN = "BOOLEAN"
    STRINGS = "VARCHAR[]"
    NUMBERS = "DOUBLE[]"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        name: lower snake case.
        type: what it holds.
        meaning: a few words for the docs.
        unit: the unit of a number, where it has one.
        optional: a run leaves it out where it does not apply; it is then empty.
    """

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    optional: bool = False


@dataclass(frozen=True)
class ResultTable:
    """A table that runs of an analysis publish for pages and analysts.

    Args:
        name: lower snake case; in SQL `<analysis>_<name>`.
        meaning: what a row is.
        columns: its columns, in their order; `run` is put in front.
        optional: a run leaves it out where it does not apply.

    Raises:
        AnalysisError: a name is not lower snake case, stands twice, or is `run`; or there are no columns.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    optional: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        wrong = [name for name in (self.name, *names) if not _NAME.fullmatch(name) or name == "run"]
        wrong += [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if wrong or not names:
            raise AnalysisError(
                f"The declaration of the table {self.name} is wrong: {', '.join(wrong) or 'it has no columns'}.",
                "Names are lower snake case, each once; the column run is put in front of them.",
            )


def text(name: str, meaning: str, *, optional: bool = False) -> Column:
    """A column of text."""
    return Column(name, ColumnType.STRING, meaning, optional=optional)


def whole(name: str, meaning: str, unit: str = "", *, optional: bool = False) -> Column:
    """A column of whole numbers."""
    return Column(name, ColumnType.INTEGER, meaning, unit, optional)


def number(name: str, meaning: str, unit: str = "", *, optional: bool = False) -> Column:
    """A column of real numbers."""
    return Column(name, ColumnType.NUMBER, meaning, unit, optional)


def flag(name: str, meaning: str, *, optional: bool = False) -> Column:
    """A column of truth values."""
    return Column(name, ColumnType.BOOLEAN, meaning, optional=optional)


def texts(name: str, meaning: str, *, optional: bool = False) -> Column:
    """A column of lists of texts."""
    return Column(name, ColumnType.STRINGS, meaning, optional=optional)


def numbers(name: str, meaning: str, unit: str = "", *, optional: bool = False) -> Column:
    """A column of lists of real numbers."""
    return Column(name, ColumnType.NUMBERS, meaning, unit, optional)


def declared_views() -> dict[str, tuple[tuple[str, str], ...]]:
    """The columns of every declared view, `run` first, with DuckDB's types; by name of the view, sorted."""
    tables = {name: table for provider in PROVIDERS for name, table in provider().items()}
    return {
        name: (("run", "VARCHAR"), *((column.name, str(column.type)) for column in table.columns))
        for name, table in sorted(tables.items())
    }


def conforming(
    analysis: str, tables: Mapping[str, pl.DataFrame], declared: tuple[ResultTable, ...]
) -> dict[str, pl.DataFrame]:
    """The tables of a run with the columns and types that are declared.

    NaN becomes null; whole numbers are taken for real ones, and narrow numbers for wide ones.

    Args:
        analysis: names the tables in messages.
        tables: what the run hands back, by name.
        declared: what it may.

    Raises:
        AnalysisError: a table or column is not declared or is missing, or a column has another type.
    """
    known = {table.name: table for table in declared}
    unknown = sorted(tables.keys() - known.keys())
    if unknown:
        raise AnalysisError(
            f"The analysis {analysis} hands back the table {', '.join(unknown)}, which it does not declare.",
            f"Its tables: {', '.join(known) or 'none'}. Declare it in `tables` of its `Analysis`.",
        )
    missing = [name for name, table in known.items() if not table.optional and name not in tables]
    if missing:
        raise AnalysisError(f"The analysis {analysis} leaves out the table {', '.join(missing)}, which it declares.")
    return {name: _conforming(f"{analysis}_{name}", frame, known[name]) for name, frame in tables.items()}


def _conforming(view: str, frame: pl.DataFrame, declared: ResultTable) -> pl.DataFrame:
    import polars as pl

    names = [column.name for column in declared.columns]
    extra = [name for name in frame.columns if name not in names]
    missing = [column.name for column in declared.columns if not column.optional and column.name not in frame.columns]
    for what, wrong in (("undeclared column", extra), ("missing column", missing)):
        if wrong:
            raise AnalysisError(f"{view}: {what} {', '.join(wrong)}.", f"Its columns: {', '.join(names)}.")
    typed = (
        _typed(view, frame[column.name], column)
        if column.name in frame.columns
        else pl.lit(None, _polars(column.type)).alias(column.name)
        for column in declared.columns
    )
    return frame.with_columns(typed).select(names)


def _typed(view: str, values: pl.Series, column: Column) -> pl.Series:
    import polars as pl

    target = _polars(column.type)
    if not _fits(values.dtype, target):
        raise AnalysisError(f"{view}: the column {column.name} holds {values.dtype}, but {target} is declared.")
    if values.dtype.is_float():
        # A method writes NaN where it has no figure.
        values = values.fill_nan(None)
    try:
        return values.cast(target)
    except pl.exceptions.InvalidOperationError as error:
        raise AnalysisError(f"{view}: a value of the column {column.name} is out of range for {target}.") from error


def _fits(given: pl.DataType, declared: pl.DataType) -> bool:
    """Whether values of a type keep their meaning in another."""
    import polars as pl

    if isinstance(declared, pl.List):
        is_list = isinstance(given, pl.List | pl.Array)
        return given == pl.Null or (is_list and _fits(given.inner, declared.inner))  # type: ignore[attr-defined,arg-type]
    if given.is_integer():
        return declared.is_integer() or declared.is_float()
    if given.is_float():
        return declared.is_float()
    return given in {declared, pl.Null} or (declared == pl.String and isinstance(given, pl.Categorical | pl.Enum))


def _polars(kind: ColumnType) -> pl.DataType:
    import polars as pl

    return {
        ColumnType.STRING: pl.String(),
        ColumnType.INTEGER: pl.Int64(),
        ColumnType.NUMBER: pl.Float64(),
        ColumnType.BOOLEAN: pl.Boolean(),
        ColumnType.STRINGS: pl.List(pl.String()),
        ColumnType.NUMBERS: pl.List(pl.Float64()),
    }[kind]
