"""The check of every frame of statements against the data model: what fits is typed, what does not is named.

A statement is never dropped: it is in `Checked.valid` or in `Checked.rejected`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from warehouse.model import MODEL, DataModel, EntityType, Property, RelationshipType, TableType, ValueType
from warehouse.statements import FILE, ROW, Reason, Statements

#: The shape of every identifier: a prefix in lower case, a colon, an accession without white space.
CURIE_PATTERN = r"^[a-z][a-z0-9._]*:\S+$"

_POLARS_TYPES: dict[ValueType, pl.DataType] = {
    ValueType.STRING: pl.String(),
    ValueType.INTEGER: pl.Int64(),
    ValueType.FLOAT: pl.Float64(),
    ValueType.BOOLEAN: pl.Boolean(),
    ValueType.DATE: pl.Date(),
    ValueType.STRINGS: pl.List(pl.String()),
}

#: The columns of a frame of rejected statements.
REJECTED_SCHEMA = pl.Schema(
    {ROW: pl.Int64(), "reason": pl.String(), "key": pl.String(), "detail": pl.String(), "raw": pl.String()}
)


@dataclass(frozen=True)
class Checked:
    """The outcome of a check.

    Args:
        valid: the statements that fit, with exactly the columns of the type, typed, and `ROW`.
        rejected: the others, as `REJECTED_SCHEMA` has it.
    """

    valid: pl.DataFrame
    rejected: pl.DataFrame


@dataclass(frozen=True)
class _Rule:
    """One check: where `broken` holds, the statement is rejected for `reason`."""

    broken: pl.Expr
    reason: Reason
    detail: pl.Expr


class Checker:
    """Checks the frames of one file, or of one batch of files, in order; remembers the keys that must not repeat.

    Args:
        model: the declarations to check against.
        files: of a batch of files, which row (`ROW`) is of which (`FILE`): a key may stand once in each of them.
    """

    def __init__(self, model: DataModel = MODEL, files: pl.DataFrame | None = None) -> None:
        self._model = model
        self._files = files
        self._seen: dict[str, pl.DataFrame] = {}

    def check(self, statements: Statements) -> Checked:
        """Type and check one frame.

        Raises:
            ValueError: the frame has columns that the type does not declare, or lacks its key columns: a fault of the
                source's code, not of the data.
        """
        declared = self._model[statements.type]
        columns = _columns(declared)
        frame = _complete(statements.frame, columns, statements.type)
        typed = frame.with_columns(_cast(column, frame.schema[column.name]) for column in columns)
        rules = [*_value_rules(columns, frame, typed.schema), *self._identifier_rules(declared)]
        judged = _judge(typed, frame, rules, _key(declared))
        checked = _split(judged, [column.name for column in columns])
        return self._without_repeats(checked, declared) if statements.unique else checked

    def _identifier_rules(self, declared: EntityType | RelationshipType | TableType) -> Iterator[_Rule]:
        for column, labels in _reference_columns(declared).items():
            prefixes = sorted({p for label in labels for p in self._prefixes(declared, label)})
            known = pl.col(column).str.contains(CURIE_PATTERN) & pl.col(column).str.split(":").list.first().is_in(
                prefixes
            )
            yield _Rule(~known, Reason.BAD_IDENTIFIER, pl.format(column + "={}", pl.col(column)))

    def _prefixes(self, declared: EntityType | RelationshipType | TableType, label: str) -> tuple[str, ...]:
        entity = self._model.entities[label]
        return entity.prefixes if declared is entity else entity.references

    def _without_repeats(self, checked: Checked, declared: EntityType | RelationshipType | TableType) -> Checked:
        valid = checked.valid.sort(ROW, maintain_order=True)
        keys = self._keys(valid, declared)
        earlier = self._seen.get(declared.table)
        repeated = keys.select(~pl.struct(pl.all()).is_first_distinct()).to_series()
        if earlier is not None:
            known = earlier.with_columns(_again=True)
            repeated |= keys.join(known, on=keys.columns, how="left", maintain_order="left")["_again"].fill_null(False)
        kept, new = valid.filter(~repeated), keys.filter(~repeated)
        self._seen[declared.table] = new if earlier is None else pl.concat([earlier, new])
        label = _label(list(_key(declared)))
        bad = valid.filter(repeated).select(
            ROW, reason=pl.lit(Reason.DUPLICATE_KEY.code), key=label, detail=label, raw=pl.lit(None, pl.String())
        )
        return Checked(kept, pl.concat([checked.rejected, bad]))

    def _keys(self, valid: pl.DataFrame, declared: EntityType | RelationshipType | TableType) -> pl.DataFrame:
        """What must not repeat: the key of each row, and of a batch of files also its file."""
        key = _key(declared)
        if self._files is None:
            return valid.select(key)
        return valid.select(ROW, *key).join(self._files, on=ROW, how="left", maintain_order="left").select(*key, FILE)


def _columns(declared: EntityType | RelationshipType | TableType) -> tuple[Property, ...]:
    if isinstance(declared, RelationshipType):
        ends = tuple(Property(end, ValueType.STRING, "", required=True) for end in ("subject", "object"))
        return (*ends, *declared.columns)
    return declared.columns


def _key(declared: EntityType | RelationshipType | TableType) -> tuple[str, ...]:
    if isinstance(declared, EntityType):
        return ("id",)
    return ("subject", "object", *declared.key) if isinstance(declared, RelationshipType) else declared.key


def _reference_columns(declared: EntityType | RelationshipType | TableType) -> dict[str, frozenset[str]]:
    """The columns that hold identifiers, with the entity types each may name."""
    if isinstance(declared, EntityType):
        return {"id": frozenset({declared.label})}
    if isinstance(declared, RelationshipType):
        return {
            "subject": frozenset(subject for subject, _ in declared.ends),
            "object": frozenset(object_ for _, object_ in declared.ends),
        }
    return {column: frozenset({label}) for column, label in declared.references.items()}


def _complete(frame: pl.DataFrame, columns: tuple[Property, ...], name: str) -> pl.DataFrame:
    wanted = [column.name for column in columns]
    unknown = sorted(set(frame.columns) - {*wanted, ROW})
    if unknown or ROW not in frame.columns:
        raise ValueError(f"a frame of {name} has columns {frame.columns}; {unknown or [ROW]} do not fit the model")
    missing = [
        pl.lit(None, _POLARS_TYPES[column.type]).alias(column.name)
        for column in columns
        if column.name not in frame.columns
    ]
    return frame.with_columns(missing).select(*wanted, pl.col(ROW).cast(pl.Int64))


def _cast(column: Property, given: pl.DataType) -> pl.Expr:
    value = pl.col(column.name)
    if isinstance(given, pl.String):
        value = value.str.strip_chars()
        value = pl.when(value != "").then(value).alias(column.name)
    wanted = _POLARS_TYPES[column.type]
    if column.type is ValueType.STRINGS:
        kept = value.cast(wanted).list.eval(pl.element().filter(pl.element().str.len_chars() > 0))
        ordered = kept.list.unique().list.sort()
        return pl.when(ordered.list.len() > 0).then(ordered).otherwise(None).alias(column.name)
    if column.type is ValueType.BOOLEAN and isinstance(given, pl.String):
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        return value.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    if column.type is ValueType.INTEGER and isinstance(given, pl.String):
        return value.str.replace(r"\.0+$", "").cast(wanted, strict=False)
    if column.type is ValueType.DATE and isinstance(given, pl.String):
        return value.str.to_date("%Y-%m-%d", strict=False)
    return value if given == wanted else value.cast(wanted, strict=False)


def _value_rules(columns: tuple[Property, ...], frame: pl.DataFrame, typed: pl.Schema) -> Iterator[_Rule]:
    for column in columns:
        name, value = column.name, pl.col(column.name)
        detail = pl.format(name + "={}", pl.col(f"_given_{name}"))
        if column.required:
            yield _Rule(value.is_null() & _blank(name, frame.schema[name]), Reason.MISSING_VALUE, pl.lit(name))
        if frame.schema[name] != typed[name] and column.type is not ValueType.STRINGS:
            yield _Rule(value.is_null() & ~_blank(name, frame.schema[name]), Reason.BAD_VALUE, detail)
        if column.type is ValueType.FLOAT and frame.schema[name] != pl.Null:
            yield _Rule(~value.is_finite(), Reason.BAD_VALUE, detail)
        if column.values:
            yield _Rule(~value.is_in(column.values), Reason.BAD_VALUE, detail)
        if column.minimum is not None:
            yield _Rule(value < column.minimum, Reason.OUT_OF_RANGE, detail)
        if column.maximum is not None:
            yield _Rule(value > column.maximum, Reason.OUT_OF_RANGE, detail)


def _blank(name: str, given: pl.DataType) -> pl.Expr:
    value = pl.col(f"_given_{name}")
    return value.is_null() | (value.str.strip_chars() == "") if isinstance(given, pl.String) else value.is_null()


def _judge(typed: pl.DataFrame, given: pl.DataFrame, rules: list[_Rule], key: tuple[str, ...]) -> pl.DataFrame:
    """Add `_reason`, `_detail` and `_key`: of several broken rules, the first."""
    data = typed.with_columns(given.get_column(name).alias(f"_given_{name}") for name in given.columns if name != ROW)
    broken = data.select(rule.broken.fill_null(False).alias(str(index)) for index, rule in enumerate(rules))
    if not broken.select(pl.any_horizontal(pl.all().any())).item():
        return typed.with_columns(_reason=pl.lit(None, pl.String))
    judged = data.hstack(broken)
    reason, detail = pl.lit(None, pl.String), pl.lit(None, pl.String)
    for index, rule in reversed(list(enumerate(rules))):
        hit = pl.col(str(index))
        reason = pl.when(hit).then(pl.lit(rule.reason.code)).otherwise(reason)
        detail = pl.when(hit).then(rule.detail.cast(pl.String)).otherwise(detail)
    raw = [pl.col(f"_given_{name}") for name in key]
    return judged.select(*typed.columns, _reason=reason, _detail=detail, _key=_joined(raw, judged.schema))


def _joined(columns: list[pl.Expr], schema: pl.Schema) -> pl.Expr:
    return pl.concat_str([column.cast(pl.String) for column in columns], separator=" ", ignore_nulls=True)


def _label(key: list[str]) -> pl.Expr:
    return pl.concat_str([pl.col(name).cast(pl.String) for name in key], separator=" ", ignore_nulls=True)


def _split(judged: pl.DataFrame, names: list[str]) -> Checked:
    valid = judged.filter(pl.col("_reason").is_null()).select(*names, ROW)
    if valid.height == judged.height:
        return Checked(valid, pl.DataFrame(schema=REJECTED_SCHEMA))
    rejected = judged.filter(pl.col("_reason").is_not_null()).select(
        ROW, reason="_reason", key="_key", detail="_detail", raw=pl.lit(None, pl.String)
    )
    return Checked(valid, rejected)
