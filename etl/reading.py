"""From one file to checked frames: read, parse, check, account. Nothing here touches the warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

import polars as pl

from etl.locate import FoundFile
from etl.rows import Ledger, Options, Rows, raw_text
from etl.source import BatchFormat, SourceFile
from warehouse.checks import REJECTED_SCHEMA, Checked, Checker
from warehouse.documents.store import checksum
from warehouse.errors import TargetGraphError
from warehouse.model import MODEL, DataModel
from warehouse.statements import FILE, ROW, Matrix, Reason, Scope


@dataclass
class Batch:
    """What came of a batch of rows: checked statements by type, and matrices.

    Args:
        statements: pairs of the type's name and a frame that fits it.
        matrices: matrices with finite values.
    """

    statements: list[tuple[str, pl.DataFrame]] = field(default_factory=list)
    matrices: list[Matrix] = field(default_factory=list)


@dataclass
class ManyRead:
    """What came of many files that were read together.

    Args:
        files: the files, each with its checksum.
        ledgers: their accounts, in the same order.
        statements: pairs of the type's name and a frame that fits it, with `FILE` as an index of `files`.
    """

    files: list[FoundFile]
    ledgers: list[Ledger]
    statements: list[tuple[str, pl.DataFrame]]

    def rejected(self) -> pl.DataFrame:
        """What was set aside, with `FILE` as an index of `files`."""
        frames = [
            frame.with_columns(pl.lit(index, pl.Int64).alias(FILE))
            for index, ledger in enumerate(self.ledgers)
            for frame in ledger.rejected
        ]
        return pl.concat(frames) if frames else pl.DataFrame()


def read(file: FoundFile, part: SourceFile, ledger: Ledger, model: DataModel = MODEL) -> Iterator[Batch]:
    """Read a file batch by batch; what is rejected on the way is in the ledger.

    Raises:
        SourceError: the file as a whole cannot be read.
    """
    checker = Checker(model)
    try:
        for rows in part.format.read(file.path, ledger):
            yield _batch(rows, part, checker, model)
    except Exception as error:
        error.add_note(f"In {file.name}, the file {part.part} of {file.source}.")
        raise


def read_many(
    files: Sequence[FoundFile],
    part: SourceFile,
    options: Options,
    withdrawn: set[str] | None = None,
    model: DataModel = MODEL,
) -> ManyRead:
    """Read small files of one part in one piece: their rows are parsed and checked together, and told apart again.

    Args:
        files: the files; one without a checksum is given it, so that each is read from disk once.
        part: what they are; its format is a `BatchFormat`.
        options: what the user chose.
        withdrawn: what the source's earlier parts say is withdrawn; it is not changed.
        model: the declarations to check against.
    """
    ledgers = [new_ledger(file, options, set()) for file in files]
    documents = [(file.path, ledger) for file, ledger in zip(files, ledgers, strict=True)]
    described = [file if file.sha256 else replace(file, sha256=_checksum(file)) for file in files]
    try:
        return ManyRead(described, ledgers, _read_together(documents, part, options, withdrawn or set(), model))
    except TargetGraphError:
        raise
    except Exception as error:
        error.add_note(f"while {files[0].source} parsed {_culprit(files, part, options, model)} ({part.part})")
        raise


def _read_together(
    documents: list[tuple[Path, Ledger]], part: SourceFile, options: Options, withdrawn: set[str], model: DataModel
) -> list[tuple[str, pl.DataFrame]]:
    if not isinstance(part.format, BatchFormat):
        raise TypeError(f"the format of {part.part} does not read many files at once")
    told = part.format.read_many(documents)
    # One number for each row of the batch, under which parse and checks know it.
    told = told.rename({ROW: "row"}).with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW))
    places = told.select(ROW, FILE, "row")
    ledgers = [ledger for _path, ledger in documents]
    together = Ledger(part.part, ledgers[0].release, options, set(withdrawn))
    batch = _batch(Rows(told.drop(FILE, "row"), together), part, Checker(model, places), model)
    if batch.matrices:
        raise ValueError(f"{part.part} gives a matrix: a matrix comes from one file")
    together.hand_over(places, ledgers)
    for ledger in ledgers:
        ledger.withdrawn |= together.withdrawn
    return [(name, _placed(frame, places)) for name, frame in batch.statements]


def _placed(frame: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Statements with the file and the row that they were read from instead of their row in the batch."""
    return frame.join(places, on=ROW, how="left", maintain_order="left").drop(ROW).rename({"row": ROW})


def _checksum(file: FoundFile) -> str:
    try:
        return checksum(file.path)
    except OSError:
        # It cannot be read: its format will say so.
        return ""


def _culprit(files: Sequence[FoundFile], part: SourceFile, options: Options, model: DataModel) -> str:
    """The file of a batch for which the parse function fails; all of them where none fails alone."""
    for file in files:
        try:
            _read_together([(file.path, new_ledger(file, options))], part, options, set(), model)
        except Exception:  # noqa: BLE001 - which of them fails is the question, and the fault itself is on its way up
            return file.name
    return f"{files[0].name} to {files[-1].name}"


def new_ledger(file: FoundFile, options: Options, withdrawn: set[str] | None = None) -> Ledger:
    """The account of a file that is about to be read.

    Args:
        file: the file.
        options: what the user chose.
        withdrawn: what the source's earlier files say is withdrawn; this file adds to it.
    """
    return Ledger(file.name, file.release, options, set() if withdrawn is None else withdrawn)


def _batch(rows: Rows, part: SourceFile, checker: Checker, model: DataModel) -> Batch:
    batch = Batch()
    for stated in part.parse(rows):
        if isinstance(stated, Matrix):
            kept, blanked = _check_matrix(stated, model)
            batch.matrices.append(kept)
            rows.ledger.reject(blanked)
        else:
            checked = checker.check(stated)
            batch.statements.append((stated.type, checked.valid))
            _set_aside(rows, checked)
    rows.ledger.settle()
    if batch.matrices:
        rows.ledger.verify_values()
    return _without_rejected(batch, rows.ledger)


def _set_aside(rows: Rows, checked: Checked) -> None:
    """Enter what the check found in the account: rows and statements with the text of their row, a whole row once."""
    bad = Counter(checked.blanked["column"])
    for column, given in checked.given.items():
        rows.ledger.count_values(column, given, bad[column])
    rows.ledger.reject(checked.blanked)
    rejected = checked.rejected
    if rejected.is_empty():
        return
    whole = pl.col("scope") == Scope.ROW.code
    first = pl.col(ROW).is_first_distinct() & ~pl.col(ROW).is_in(rows.ledger.quarantined_rows()[ROW].implode())
    rejected = pl.concat([rejected.filter(whole).filter(first), rejected.filter(~whole)])
    texts = rows.frame.join(rejected.select(ROW), on=ROW, how="semi").unique(ROW, keep="first", maintain_order=True)
    texts = texts.select(ROW, raw=raw_text(texts))
    rows.ledger.reject(rejected.drop("raw").join(texts, on=ROW, how="left", maintain_order="left"))


def _without_rejected(batch: Batch, ledger: Ledger) -> Batch:
    """What is said without the rows that were set aside whole."""
    rows = ledger.quarantined_rows()
    if rows.is_empty():
        return batch
    statements = [(name, _without(frame, rows)) for name, frame in batch.statements]
    matrices = [replace(matrix, frame=_without(matrix.frame, rows)) for matrix in batch.matrices]
    return Batch(statements, matrices)


def _without(frame: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    return frame.join(rows, on=ROW, how="anti", maintain_order="left")


def _check_matrix(matrix: Matrix, model: DataModel) -> tuple[Matrix, pl.DataFrame]:
    """Take the values out of a matrix that are not numbers or out of range, and say which they are."""
    frame = matrix.frame.with_columns(pl.col(ROW).cast(pl.Int64))
    blanked = [pl.DataFrame(schema=REJECTED_SCHEMA)]
    gaps = False
    for column in matrix.value_columns:
        values, bad = _check_values(frame, column, matrix, model)
        frame = frame.with_columns(values)
        gaps = gaps or bool(values.null_count())
        blanked.append(bad)
    if gaps:
        # Most matrices have no gap, and a copy of a large one would double what is held.
        frame = frame.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in matrix.value_columns))
    return replace(matrix, frame=frame), pl.concat(blanked)


def _check_values(frame: pl.DataFrame, column: str, matrix: Matrix, model: DataModel) -> tuple[pl.Series, pl.DataFrame]:
    """One column of values as numbers, without those that are bad; and the bad ones."""
    kind = model.matrices[matrix.kind]
    given = frame[column]
    value = given.cast(pl.Float64, strict=False)
    outside = (value < (kind.minimum if kind.minimum is not None else -inf)) | (
        value > (kind.maximum if kind.maximum is not None else inf)
    )
    unreadable = (value.is_null() & given.is_not_null()) | ~value.is_finite()
    bad = (outside | unreadable).fill_null(False)
    if not bad.any():
        return value, pl.DataFrame(schema=REJECTED_SCHEMA)
    said = frame.with_columns(_outside=(outside & value.is_finite()).fill_null(False)).filter(bad)
    text = pl.col(column).cast(pl.String)
    reasons = {True: Reason.OUT_OF_RANGE.code, False: Reason.BAD_VALUE.code}
    layer = "" if column == "value" else f" ({column})"
    blanked = said.select(
        ROW,
        scope=pl.lit(Scope.CELL.code),
        type=pl.lit(matrix.kind),
        column="feature",
        reason=pl.col("_outside").replace_strict(reasons, return_dtype=pl.String),
        key="row_id",
        value=text,
        detail=pl.format("{}={}", pl.col("feature") + layer, text),
        raw=pl.lit(None, pl.String),
    )
    return value.to_frame().select(pl.when(~bad).then(pl.col(column)).alias(column)).to_series(), blanked
