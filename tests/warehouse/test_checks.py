"""The check of frames: whatever comes in is typed as declared or is named, and nothing is lost."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import stated
from warehouse.checks import REJECTED_SCHEMA, Checker
from warehouse.model import MODEL, EntityType, Property, RelationshipType, StatedType, ValueType
from warehouse.statements import ROW, Reason, Statements

POLARS = {
    ValueType.STRING: pl.String(),
    ValueType.INTEGER: pl.Int64(),
    ValueType.FLOAT: pl.Float64(),
    ValueType.BOOLEAN: pl.Boolean(),
    ValueType.DATE: pl.Date(),
    ValueType.STRINGS: pl.List(pl.String()),
}
_REASONS = {reason.code for reason in Reason}
_IDS = ["hgnc:1", "hgnc.symbol:TP53", "uniprot:P1", "reactome:R-HSA-1", "tcga:P1", "doid:1", "drugbank:D", "pdb:1abc"]
_TEXT = st.one_of(
    st.sampled_from([*_IDS, "", " ", "x", "0", "-1", "3.0", "3.5", "nan", "1e999", "2020-01-31", "2020-13-01", "true"]),
    st.text(max_size=8),
)
_VALUES = {
    pl.String: _TEXT,
    pl.Int64: st.integers(-(2**63), 2**63 - 1),
    pl.Float64: st.floats(),
    pl.Boolean: st.booleans(),
    pl.Date: st.dates(),
    pl.List(pl.String): st.lists(st.one_of(st.none(), _TEXT), max_size=3),
}


def _columns(declared: StatedType) -> list[Property]:
    ends = [Property(end, ValueType.STRING, "") for end in ("subject", "object")]
    return [*(ends if isinstance(declared, RelationshipType) else []), *declared.columns]


@st.composite
def _statements(draw: st.DrawFn) -> Statements:
    """A frame of any type of the model, its columns as declared or as text, with anything in them."""
    declared = draw(st.sampled_from(list(MODEL)))
    name = declared.label if isinstance(declared, EntityType) else declared.name
    height = draw(st.integers(0, 5))
    series = []
    for column in _columns(declared):
        dtype = draw(st.sampled_from([POLARS[column.type], pl.String()]))
        if column.type is ValueType.STRINGS:
            dtype = POLARS[column.type]
        if draw(st.integers(0, 9)) < 1 and not column.required and column.name not in {"subject", "object", "id"}:
            continue
        values = st.one_of(
            st.none(),
            *([st.sampled_from(_IDS)] if dtype == pl.String() else []),
            _VALUES[dtype.base_type() if dtype.base_type() is not pl.List else dtype],
        )
        series.append(pl.Series(column.name, [draw(values) for _ in range(height)], dtype))
    rows = pl.Series(ROW, range(1, height + 1), pl.Int64)
    return Statements(name, pl.DataFrame([*series, rows]), unique=draw(st.booleans()))


@given(_statements())
@settings(max_examples=150)
def test_rows_in_are_rows_valid_and_rows_rejected(statements: Statements) -> None:
    declared = MODEL[statements.type]
    checked = Checker().check(statements)
    assert sorted([*checked.valid[ROW], *checked.rejected[ROW]]) == statements.frame[ROW].to_list()
    expected = {column.name: POLARS[column.type] for column in _columns(declared)} | {ROW: pl.Int64()}
    assert dict(checked.valid.schema) == expected
    assert checked.rejected.schema == checked.blanked.schema == REJECTED_SCHEMA
    assert set(checked.rejected["reason"]) | set(checked.blanked["reason"]) <= _REASONS
    assert set(checked.rejected["scope"]) <= {"row", "cell"}
    assert set(checked.blanked["scope"]) <= {"cell"}
    assert not checked.blanked.join(checked.valid, on=ROW, how="anti").height, "a value is of a row that is kept"
    assert not checked.blanked.select(pl.struct(ROW, "column").is_duplicated().any()).item()
    for column in _columns(declared):
        values = checked.valid[column.name].drop_nulls()
        if column.required:
            assert len(values) == checked.valid.height
        if column.type is ValueType.FLOAT:
            assert values.is_finite().all()
        if column.minimum is not None:
            assert (values >= column.minimum).all()
        if column.maximum is not None:
            assert (values <= column.maximum).all()
        if column.values:
            assert values.is_in(column.values).all()
    if statements.unique:
        key = ["id"] if isinstance(declared, EntityType) else list(declared.key)
        key = ["subject", "object", *key] if isinstance(declared, RelationshipType) else key
        assert not checked.valid.select(pl.struct(key).is_duplicated().any()).item()


@given(_statements())
@settings(max_examples=150)
def test_no_value_is_lost_or_changed_without_a_record(statements: Statements) -> None:
    """Every value of a row that is kept is there as it was given, or is recorded with its text."""
    checked = Checker().check(statements)
    recorded = {(row, column): value for row, column, value in checked.blanked.select(ROW, "column", "value").rows()}
    kept = {row[ROW]: row for row in checked.valid.iter_rows(named=True)}
    for given_row in statements.frame.iter_rows(named=True):
        for name, value in given_row.items():
            if name == ROW or given_row[ROW] not in kept or isinstance(value, list):
                continue
            shown = kept[given_row[ROW]][name]
            if (given_row[ROW], name) in recorded:
                assert shown is None
                assert value is not None
            elif value is None or (isinstance(value, str) and not value.strip()):
                assert shown is None
            else:
                assert shown is not None
                assert isinstance(shown, bool | date) or _same(value, shown)
    assert len(recorded) == checked.blanked.height


def _same(given_value: object, shown: object) -> bool:
    return str(given_value).strip() == str(shown) or float(str(given_value)) == float(str(shown))


@given(_statements())
@settings(max_examples=40)
def test_what_is_valid_stays_valid(statements: Statements) -> None:
    """A second check of what passed changes nothing."""
    once = Checker().check(statements).valid
    again = Checker().check(Statements(statements.type, once))
    assert again.valid.equals(once)
    assert again.rejected.is_empty()
    assert again.blanked.is_empty()


SURVIVAL = {"patient_id": "tcga:P1", "endpoint": "OS", "time_days": 10.0, "event": 1}


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"event": 0.5}, "bad_value", "event=0.5"),
        ({"time_days": -1.0}, "out_of_range", "time_days=-1.0"),
        ({"time_days": "soon"}, "bad_value", "time_days=soon"),
        ({"time_days": float("nan")}, "bad_value", "time_days=NaN"),
        ({"time_days": float("inf")}, "bad_value", "time_days=inf"),
        ({"time_days": None}, "missing_value", "time_days"),
        ({"time_days": "  "}, "missing_value", "time_days"),
        ({"event": 2}, "out_of_range", "event=2"),
        ({"event": "0.5"}, "bad_value", "event=0.5"),
        ({"endpoint": ""}, "missing_value", "endpoint"),
        ({"patient_id": "P1"}, "bad_identifier", "patient_id=P1"),
        ({"patient_id": "hgnc:1"}, "bad_identifier", "patient_id=hgnc:1"),
        ({"patient_id": "tcga:a b"}, "bad_identifier", "patient_id=tcga:a b"),
        ({"patient_id": ""}, "missing_value", "patient_id"),
    ],
)
def test_a_bad_value_is_named(change: dict[str, object], reason: str, detail: str) -> None:
    checked = Checker().check(stated("survival", {**SURVIVAL, **change}))
    assert checked.valid.is_empty()
    assert checked.rejected.select(ROW, "reason", "detail").rows() == [(1, reason, detail)]
    assert checked.rejected["key"][0] is not None or reason == "missing_value"
    # Without its key a row is about nobody; without a time or an event one statement of it cannot be made.
    of_key = change.keys() <= {"patient_id", "endpoint"}
    assert checked.rejected["scope"].to_list() == ["row" if of_key else "cell"]
    assert checked.blanked.is_empty()


@pytest.mark.parametrize(
    ("value", "age", "reason"),
    [
        (">89", None, "bad_value"),
        ("1,234", None, "bad_value"),
        ("-4", None, "out_of_range"),
        ("1e400", None, "bad_value"),
        ("  61.5 ", 61.5, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_value_that_does_not_fit_is_null_and_its_row_stays(value: object, age: float | None, reason: str) -> None:
    checked = Checker().check(stated("Patient", {"id": "tcga:P1", "name": "P1", "age_at_diagnosis_years": value}))
    assert checked.valid.select("id", "name", "age_at_diagnosis_years").rows() == [("tcga:P1", "P1", age)]
    assert checked.rejected.is_empty()
    entry = ("cell", "Patient", "age_at_diagnosis_years", reason, "tcga:P1", value)
    told = checked.blanked.select("scope", "type", "column", "reason", "key", "value").rows()
    assert told == ([entry] if reason else [])


def test_a_fraction_is_never_cut_off() -> None:
    frame = stated("Patient", {"id": "tcga:P1", "diagnosis_year": 2009.0}, {"id": "tcga:P2", "diagnosis_year": 2009.5})
    checked = Checker().check(frame)
    assert checked.valid["diagnosis_year"].to_list() == [2009, None]
    assert checked.blanked.select(ROW, "value").rows() == [(2, "2009.5")]


def test_values_come_out_as_declared() -> None:
    row = {"id": "pdb:1abc", "released": "2020-01-31", "resolution_angstrom": "1.9", "name": "  x "}
    known = {column.name for column in MODEL.entities["Structure"].columns}
    valid = Checker().check(stated("Structure", {k: v for k, v in row.items() if k in known})).valid
    assert valid["name"].to_list() == ["x"]
    assert valid["resolution_angstrom"].to_list() == [1.9]
    dates = [column.name for column in MODEL.entities["Structure"].columns if column.type is ValueType.DATE]
    valid = Checker().check(stated("Structure", {"id": "pdb:1abc", **dict.fromkeys(dates, "2020-01-31")})).valid
    assert [valid[name].to_list() for name in dates] == [[date(2020, 1, 31)]] * len(dates)


def test_lists_are_sorted_and_empty_ones_are_null() -> None:
    frame = stated(
        "Gene", {"id": "hgnc:1", "aliases": ["b", "a", "", "b"]}, {"id": "hgnc:2", "aliases": []}, {"id": "hgnc:3"}
    )
    assert Checker().check(frame).valid["aliases"].to_list() == [["a", "b"], None, None]


def test_a_repeated_key_of_a_file_is_set_aside_in_later_frames_too() -> None:
    checker = Checker()
    first = stated("Gene", {"id": "hgnc:1"}, {"id": "hgnc:2"}, {"id": "hgnc:1"})
    again = Statements("Gene", pl.DataFrame({"id": ["hgnc:3", "hgnc:2"], ROW: [4, 5]}), unique=True)
    one = checker.check(Statements("Gene", first.frame, unique=True))
    two = checker.check(again)
    assert one.valid[ROW].to_list() == [1, 2]
    assert one.rejected.select(ROW, "reason", "key").rows() == [(3, "duplicate_key", "hgnc:1")]
    assert two.valid[ROW].to_list() == [4]
    assert two.rejected.select(ROW, "reason", "key").rows() == [(5, "duplicate_key", "hgnc:2")]


def test_a_column_that_is_not_declared_is_a_fault_of_the_code() -> None:
    with pytest.raises(ValueError, match="colour"):
        Checker().check(stated("Gene", {"id": "hgnc:1", "colour": "red"}))
    with pytest.raises(ValueError, match=ROW):
        Checker().check(Statements("Gene", pl.DataFrame({"id": ["hgnc:1"]})))
