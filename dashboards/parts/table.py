"""A table of results: sorted by a click, filtered by a text, downloaded with the question and the releases."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboards.parts.messages import show_warnings
from dashboards.parts.state import entry_of, row_of
from dashboards.parts.text import report_address, words
from warehouse.answer import Answer, to_polars
from warehouse.cypher.values.writing import flat

if TYPE_CHECKING:
    import polars as pl

    from dashboards.page import View

#: Above so many rows a text to filter by is offered.
_FILTER_ABOVE = 10
#: So many rows are shown at once; more are scrolled in so many pixels.
_ROWS_SHOWN, _HEIGHT_PIXELS = 15, 530


@dataclass(frozen=True)
class Headings:
    """How columns are headed, and which lead to reports.

    Args:
        entities: columns of ids that lead to report pages.
        labels: headings, where they differ from the column's name in words.
        help_texts: explanations, shown at the headings.
    """

    entities: tuple[str, ...]
    labels: Mapping[str, str]
    help_texts: Mapping[str, str]


@dataclass(frozen=True)
class Download:
    """What a file says of itself, before its rows.

    Args:
        question: what was asked, as a person or the page wrote it.
        build: the id of the build.
        content_hash: the hash of its content.
        releases: the releases it was made from.
        complete: whether all rows are there.
    """

    question: str
    build: str
    content_hash: str
    releases: tuple[str, ...]
    complete: bool = True

    def lines(self) -> list[str]:
        """The header, one line each."""
        question = " ".join(self.question.split())
        cut = [] if self.complete else ["rows: cut at the limit; there are more"]
        return [f"question: {question}", f"build: {self.build}", f"content: {self.content_hash}", *cut] + [
            f"release: {release}" for release in self.releases
        ]


def show_table(
    view: View,
    answer: Answer | pl.DataFrame,
    question: str,
    *,
    key: str,
    entity_columns: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    help_texts: Mapping[str, str] | None = None,
    select: Sequence[str] = (),
    empty: str = "Nothing was found.",
) -> dict[str, Any] | None:
    """Show rows, with a filter and downloads.

    Args:
        view: what the page is drawn from.
        answer: the rows.
        question: what was asked; it stands in the header of downloads.
        key: the name of this table on its page.
        entity_columns: columns of ids that lead to report pages.
        labels: headings for columns, where they differ from the column's name in words.
        help_texts: explanations of columns, shown at their headings.
        select: columns whose values name a row in the address of the page: the visitor may select one.
        empty: what is said where there are no rows.

    Returns:
        The row that is selected, if any.

    Raises:
        NotThereError: the address names a row that is not there.
    """
    frame = to_polars(answer.table) if isinstance(answer, Answer) else answer
    complete = not (isinstance(answer, Answer) and answer.truncated)
    show_warnings(answer.warnings if isinstance(answer, Answer) else ())
    if frame.is_empty():
        st.info(empty, icon=":material/inbox:")
        return None
    filtered = _filtered(frame, key)
    _say_count(filtered.height, frame.height, complete)
    headings = Headings(tuple(entity_columns), labels or {}, help_texts or {})
    chosen = _draw(filtered, key, headings, select)
    about = Download(
        question, view.warehouse.build.id, str(view.receipt.get("content_hash", "")), tuple(view.releases), complete
    )
    _offer_downloads(filtered, about, key)
    return chosen


def _filtered(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    if frame.height <= _FILTER_ABOVE:
        return frame
    wanted = entry_of(
        "Filter rows",
        f"{key}_filter",
        placeholder="Rows that contain ...",
        label_visibility="collapsed",
        icon=":material/filter_alt:",
        width=320,
    )
    return containing(frame, wanted)


def containing(frame: pl.DataFrame, text: str) -> pl.DataFrame:
    """The rows of which some column contains a text, whatever its case."""
    import polars as pl

    wanted = text.strip().lower()
    if not wanted:
        return frame
    written = flat(frame).select(pl.all().cast(pl.String).str.to_lowercase().str.contains(wanted, literal=True))
    return frame.filter(written.select(pl.any_horizontal(pl.all().fill_null(False))).to_series())


def _say_count(shown: int, total: int, complete: bool) -> None:
    of_all = f"{shown:,} of {total:,} rows" if shown < total else f"{total:,} row{'s' if total > 1 else ''}"
    st.caption(of_all if complete else f"{of_all}; there are more: the answer was cut at the limit of rows.")


def _draw(frame: pl.DataFrame, key: str, headings: Headings, select: Sequence[str]) -> dict[str, Any] | None:
    drawn = flat(frame, ", ").with_columns(
        _addresses(frame[name]) for name in headings.entities if name in frame.columns
    )
    config = {name: _column(name, dtype, headings) for name, dtype in drawn.schema.items()}
    options: dict[str, Any] = {
        "column_config": config,
        "hide_index": True,
        "height": "content" if drawn.height <= _ROWS_SHOWN else _HEIGHT_PIXELS,
        "placeholder": "",
        "key": key,
    }
    table = drawn.to_arrow()
    if not select:
        st.dataframe(table, **options)
        return None
    rows = ["|".join(map(str, row)) for row in frame.select(select).iter_rows()]
    place = row_of(f"{key}_row", rows, lambda **start: st.dataframe(table, **options, **start))
    return None if place is None else frame.row(place, named=True)


def _addresses(ids: pl.Series) -> pl.Series:
    import polars as pl

    return pl.Series(ids.name, [None if one is None else report_address(str(one)) for one in ids], pl.String)


def _column(name: str, dtype: pl.DataType, headings: Headings) -> Any:
    label, help_text = headings.labels.get(name) or words(name), headings.help_texts.get(name)
    if name in headings.entities:
        return st.column_config.LinkColumn(label, help=help_text, display_text=r"id=(.*)$")
    if dtype.is_integer():
        return st.column_config.NumberColumn(label, help=help_text, format="localized")
    return st.column_config.Column(label, help=help_text)


def _offer_downloads(frame: pl.DataFrame, about: Download, key: str) -> None:
    kinds: dict[str, tuple[str, Callable[[], bytes]]] = {
        "csv": ("text/csv", lambda: as_text(frame, about, ",")),
        "tsv": ("text/tab-separated-values", lambda: as_text(frame, about, "\t")),
        "parquet": ("application/vnd.apache.parquet", lambda: as_parquet(frame, about)),
    }
    with st.container(horizontal=True, gap="small"):
        for kind, (mime, made) in kinds.items():
            st.download_button(
                kind.upper() if kind != "parquet" else "Parquet",
                made,
                f"{key}.{kind}",
                mime,
                key=f"{key}_{kind}",
                on_click="ignore",
                icon=":material/download:",
                type="tertiary",
                help="These rows, with the question and the releases in the file's header.",
            )


def as_text(frame: pl.DataFrame, about: Download, separator: str) -> bytes:
    """Rows as CSV or TSV after lines that begin with `#`; what a spreadsheet would run is defused.

    A cell that begins with `=`, `+`, `-` or `@` and is no number is led by an apostrophe: a name from a source must
    not become a formula.
    """
    import polars as pl

    head = "".join(f"# {line}\n" for line in about.lines())
    safe = flat(frame).with_columns(
        pl.when(
            pl.col(pl.String).str.contains(r"^[=+\-@]") & pl.col(pl.String).cast(pl.Float64, strict=False).is_null()
        )
        .then("'" + pl.col(pl.String))
        .otherwise(pl.col(pl.String))
        .name.keep()
    )
    return (head + safe.write_csv(separator=separator)).encode()


def as_parquet(frame: pl.DataFrame, about: Download) -> bytes:
    """Rows as Parquet, the header in the metadata of the file under `targetgraph`."""
    from pyarrow import parquet

    table = frame.to_arrow()
    table = table.replace_schema_metadata(
        {**(table.schema.metadata or {}), b"targetgraph": "\n".join(about.lines()).encode()}
    )
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()
