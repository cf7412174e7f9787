"""What a question gives back: a frame, what cut it short, and what to be warned of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


@dataclass(frozen=True)
class Limits:
    """How much a question may take.

    Args:
        timeout_s: seconds before it is stopped.
        rows: rows before the answer is cut.
        memory_mb: what DuckDB may hold in memory for it, in megabytes.
    """

    timeout_s: float = 30.0
    rows: int = 10_000
    memory_mb: int = 2000


@dataclass(frozen=True)
class Answer:
    """The rows of an answer.

    Args:
        table: the rows as an Arrow table.
        truncated: there were more rows than the limit.
        warnings: sentences such as "there is no label Gnee; did you mean Gene?".
        seconds: how long it took.
        values: the rows as Python values, where a frame cannot hold them: nodes, relationships, paths, maps and mixed
            lists of a Cypher query, which stand in the table as JSON text.
    """

    table: pyarrow.Table
    truncated: bool = False
    warnings: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    values: Sequence[tuple[Any, ...]] | None = None

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.table.column_names)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows as dictionaries."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows())

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as tuples of Python values; nodes, relationships and paths as Neo4j's driver gives them."""
        if self.values is not None:
            return list(self.values)
        columns = [column.to_pylist() for column in self.table.columns]
        return list(zip(*columns, strict=True))

    def to_arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table."""
        return self.table

    def to_polars(self) -> polars.DataFrame:
        """The rows as a Polars frame; values of types that Polars does not have (intervals, unions) become text."""
        return to_polars(self.table)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas frame.

        Raises:
            MissingExtraError: the extra `pandas` is not installed.
        """
        from warehouse.extras import require_extra

        require_extra("pandas", "A pandas frame")
        return self.table.to_pandas()


def to_polars(table: pyarrow.Table) -> polars.DataFrame:
    """An Arrow table as a Polars frame; values of types that Polars does not have become text."""
    import polars

    frame = polars.from_arrow(storable(table))
    assert isinstance(frame, polars.DataFrame)
    return frame


def storable(table: pyarrow.Table) -> pyarrow.Table:
    """An Arrow table with types that frames and Parquet have; values of others become text.

    Intervals are written in ISO 8601, and so are dates before the year 1 or after 9999; columns of unions, and of lists
    and structs that hold either, become text or JSON.
    """
    import pyarrow

    for index, column in enumerate(table.columns):
        name = table.column_names[index]
        if _is_strange(column.type):
            texts = [None if value is None else _as_text(value) for value in column.to_pylist()]
            table = table.set_column(index, name, pyarrow.array(texts, pyarrow.string()))
        elif _is_beyond_calendar(column):
            table = table.set_column(index, name, column.cast(pyarrow.string()))
    return table


def _is_strange(dtype: pyarrow.DataType) -> bool:
    """Whether this is a type that Polars and Parquet do not have, or holds one."""
    import pyarrow

    types = pyarrow.types
    if types.is_interval(dtype) or types.is_union(dtype):
        return True
    return any(_is_strange(dtype.field(place).type) for place in range(dtype.num_fields))


def _is_beyond_calendar(column: pyarrow.ChunkedArray) -> bool:
    """Whether these are dates of which Python's calendar lacks one."""
    import pyarrow
    import pyarrow.compute

    if not (pyarrow.types.is_date(column.type) or pyarrow.types.is_timestamp(column.type)):
        return False
    years = pyarrow.compute.min_max(pyarrow.compute.year(column)).as_py()
    return years["min"] is not None and not 1 <= years["min"] <= years["max"] <= 9999


def _as_text(value: object) -> str:
    """A temporal value in ISO 8601, lists and structs as JSON, any other value as Python writes it."""
    from warehouse.cypher.values.writing import is_temporal, iso_text, json_text

    if is_temporal(value):
        return iso_text(value)
    return json_text(value) if isinstance(value, (list, dict)) else str(value)
