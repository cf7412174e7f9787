"""The check of findings against the model, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl
from polars import selectors

from warehouse.checks import Checker
from warehouse.errors import AnalysisError
from warehouse.model import FULL_MODEL, DataModel, EntityType, RelationshipType
from warehouse.results.findings import Findings
from warehouse.results.record import RUN_PREFIX
from warehouse.statements import ROW, Statements

#: The columns that say which type each end is of.
END_TYPES = ("subject_type", "object_type")

_PRODUCED = "PRODUCED"


def checked(
    findings: Findings, run: str, analysis: str, predicts: Collection[str], model: DataModel = FULL_MODEL
) -> dict[str, pl.DataFrame]:
    """Check and complete the findings of a run.

    Args:
        findings: what the run handed back.
        run: its name.
        analysis: the analysis, named as the source of what it found.
        predicts: the types that it may write.
        model: the declarations.

    Returns:
        For each type that has rows a typed frame: entities with their ids in the graph; relationships with `subject`,
        `subject_type`, `object`, `object_type` and all columns of the type.

    Raises:
        AnalysisError: a type or column is not declared, or a value does not fit; the message names the first of them.
    """
    _verify_names(findings, predicts, model)
    ids: dict[str, tuple[str, str]] = {}
    found: dict[str, pl.DataFrame] = {}
    for label, given in findings.entities.items():
        frame, own = _entities(model.entities[label], given, run, model)
        found[label] = frame.with_columns(sources=pl.lit([analysis]))
        ids |= {local: (whole, label) for local, whole in own.items()}
    produced = _produced(ids, model)
    for name, given in {**findings.relationships, **produced}.items():
        if given.height:
            frame = _relationships(model.relationships[name], given, run, ids, model)
            found[name] = frame.with_columns(sources=pl.lit([analysis]))
    return {name: frame for name, frame in found.items() if frame.height}


def _verify_names(findings: Findings, predicts: Collection[str], model: DataModel) -> None:
    for kinds, declared in ((findings.entities, model.entities), (findings.relationships, model.relationships)):
        allowed = {name for name in predicts if name in declared and declared[name].predicted}
        wrong = sorted(set(kinds) - allowed)
        if wrong:
            known = ", ".join(sorted(allowed)) or "none"
            raise AnalysisError(
                f"The analysis hands back {', '.join(wrong)}, which it does not declare.", f"It may: {known}."
            )


def _entities(
    declared: EntityType, given: pl.DataFrame, run: str, model: DataModel
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The frame with ids of the graph, and which they are by the ids that the run chose."""
    if "id" not in given.columns:
        raise AnalysisError(f"{declared.label}: the frame has no column id.")
    local = [str(one) for one in given["id"].to_list()]
    whole = [f"{declared.prefixes[0]}:{run}.{re.sub(r'[^A-Za-z0-9_.-]+', '_', one)}" for one in local]
    frame = given.with_columns(id=pl.Series(whole, dtype=pl.String), run=pl.lit(run))
    return _typed(declared.label, frame, model), dict(zip(local, whole, strict=True))


def _produced(ids: dict[str, tuple[str, str]], model: DataModel) -> dict[str, pl.DataFrame]:
    """The relationships from the run to the entities that it found."""
    subjects = {object_ for _subject, object_ in model.relationships[_PRODUCED].ends}
    rows = [{"subject": RUN_PREFIX, "object": local} for local, (_whole, label) in ids.items() if label in subjects]
    return {_PRODUCED: pl.DataFrame(rows)} if rows else {}


def _relationships(
    declared: RelationshipType, given: pl.DataFrame, run: str, ids: dict[str, tuple[str, str]], model: DataModel
) -> pl.DataFrame:
    missing = sorted({"subject", "object"} - set(given.columns))
    if missing:
        raise AnalysisError(f"{declared.name}: the frame has no column {', '.join(missing)}.")
    frame = given.with_columns(run=pl.lit(run), evidence=pl.lit("predicted"))
    labels = {}
    for end, position in (("subject", 0), ("object", 1)):
        allowed = sorted({pair[position] for pair in declared.ends})
        whole, kinds = _ends(declared, frame, end, allowed, ids, run, model)
        frame = frame.with_columns(whole)
        labels[f"{end}_type"] = kinds
    frame = _ranked(frame.drop(END_TYPES, strict=False))
    return _typed(declared.name, frame, model).with_columns(**labels)


def _ends(  # noqa: PLR0917
    declared: RelationshipType,
    frame: pl.DataFrame,
    end: str,
    allowed: list[str],
    ids: dict[str, tuple[str, str]],
    run: str,
    model: DataModel,
) -> tuple[pl.Series, pl.Series]:
    """The references of one end, and the type of each: said, or the only one that it can be."""
    said = frame[f"{end}_type"].to_list() if f"{end}_type" in frame.columns else [None] * frame.height
    whole, kinds = [], []
    for local, label in zip(frame[end].to_list(), said, strict=True):
        known, kind = (local, label)
        if local == RUN_PREFIX:
            known, kind = RUN_PREFIX + run, "AnalysisRun"
        elif local in ids:
            known, kind = ids[local]
        elif label is None:
            kind = _only_type(declared, end, str(local), allowed, model)
        if kind not in allowed:
            raise AnalysisError(f"{declared.name}: {end} may be {', '.join(allowed)}, not {kind} ({known}).")
        whole.append(known)
        kinds.append(kind)
    return pl.Series(end, whole, pl.String), pl.Series(f"{end}_type", kinds, pl.String)


def _only_type(declared: RelationshipType, end: str, reference: str, allowed: list[str], model: DataModel) -> str:
    if len(allowed) == 1:
        return allowed[0]
    fitting = [label for label in model.labels_of_prefix(reference.split(":", maxsplit=1)[0]) if label in allowed]
    if len(fitting) != 1:
        among = ", ".join(fitting or allowed)
        raise AnalysisError(f"{declared.name}: {end} {reference!r} may be {among}.", f"Say which in `{end}_type`.")
    return fitting[0]


def _ranked(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with ranks by falling score where it has none."""
    if "rank" in frame.columns or "score" not in frame.columns:
        return frame
    order = frame.select("subject", "object", pl.col("score").cast(pl.Float64).fill_nan(None)).with_row_index("_at")
    order = order.sort("score", "subject", "object", "_at", descending=[True, False, False, False], nulls_last=True)
    return frame.with_columns(order.with_row_index("rank", offset=1).sort("_at")["rank"])


def _typed(name: str, frame: pl.DataFrame, model: DataModel) -> pl.DataFrame:
    """The columns of the type, cast and checked."""
    # A method writes NaN where it has no figure.
    frame = frame.with_columns(selectors.float().fill_nan(None)).with_row_index(ROW, offset=1)
    try:
        result = Checker(model).check(Statements(name, frame, unique=True))
    except ValueError as error:
        raise AnalysisError(str(error)) from error
    # A value that does not fit is a fault of the method, never one to be left out.
    refused = pl.concat([result.rejected, result.blanked])
    if refused.height:
        first = refused.sort(ROW, maintain_order=True).row(0, named=True)
        raise AnalysisError(
            f"{name}: {refused[ROW].n_unique()} of {frame.height} rows do not fit the model; the first: "
            f"{first['reason']} ({first['detail']}), {first['key']}."
        )
    return result.valid.drop(ROW)
