"""The check of every frame of statements against the data model: what fits is typed, what does not is named.

A statement is never dropped: it is in `Checked.valid` or in `Checked.rejected`. An optional value that does not fit
becomes null and is in `Checked.blanked`; a statement of which a required value does not fit is rejected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from warehouse.model import MODEL, DataModel, EntityType, Property, RelationshipType, StatedType, ValueType
from warehouse.statements import FILE, ROW, Reason, Scope, Statements

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

#: The columns of a frame of what is set aside: rows, statements, values (`warehouse.statements.Scope`).
REJECTED_SCHEMA = pl.Schema(
    {
        ROW: pl.Int64(),
        "scope": pl.String(),
        "type": pl.String(),
        "column": pl.String(),
        "reason": pl.String(),
        "key": pl.String(),
        "value": pl.String(),
        "detail": pl.String(),
        "raw": pl.String(),
    }
)


#: What hangs on a value: the row, the statement, or nothing but itself.
_KEY, _REQUIRED, _OPTIONAL = range(3)


@dataclass(frozen=True)
class Checked:
    """The outcome of a check.

    Args:
        valid: the statements that fit, with exactly the columns of the type, typed, and `ROW`.
        rejected: the others, as `REJECTED_SCHEMA` has it: `row` where the key does not fit, so that the row cannot say
            anything; `statement` where it lists others beside; `cell` where another required value does not fit.
        blanked: the optional values of valid statements that did not fit and are null now, in the same form.
        given: how many values each optional column had that is checked.
    """

    valid: pl.DataFrame
    rejected: pl.DataFrame
    blanked: pl.DataFrame
    given: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Rule:
    """One check: where `broken` holds, the value of `column` does not fit, for `reason`."""

    column: str
    broken: pl.Expr
    reason: Reason


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
        checked = _Judge(declared, statements, frame, typed).judge(rules)
        return self._without_repeats(checked, declared, statements) if statements.unique else checked

    def _identifier_rules(self, declared: StatedType) -> Iterator[_Rule]:
        for column, labels in _reference_columns(declared).items():
            prefixes = sorted({p for label in labels for p in self._prefixes(declared, label)})
            known = pl.col(column).str.contains(CURIE_PATTERN) & pl.col(column).str.split(":").list.first().is_in(
                prefixes
            )
            yield _Rule(column, ~known, Reason.BAD_IDENTIFIER)

    def _prefixes(self, declared: StatedType, label: str) -> tuple[str, ...]:
        entity = self._model.entities[label]
        return entity.prefixes if declared is entity else entity.references

    def _without_repeats(self, checked: Checked, declared: StatedType, statements: Statements) -> Checked:
        valid = checked.valid.sort(ROW, maintain_order=True)
        keys = self._keys(valid, declared)
        earlier = self._seen.get(declared.table)
        repeated = keys.select(~pl.struct(pl.all()).is_first_distinct()).to_series()
        if earlier is not None:
            known = earlier.with_columns(_again=True)
            repeated |= keys.join(known, on=keys.columns, how="left", maintain_order="left")["_again"].fill_null(False)
        kept, new = valid.filter(~repeated), keys.filter(~repeated)
        self._seen[declared.table] = new if earlier is None else pl.concat([earlier, new])
        label = _joined([pl.col(name) for name in _key(declared)])
        said = {"reason": pl.lit(Reason.DUPLICATE_KEY.code), "key": label, "detail": label}
        bad = _set_aside(valid.filter(repeated), _scope(statements), statements.type, **said)
        blanked = checked.blanked.join(bad, on=[ROW, "key"], how="anti", maintain_order="left")
        return Checked(kept, pl.concat([checked.rejected, bad]), blanked, checked.given)

    def _keys(self, valid: pl.DataFrame, declared: StatedType) -> pl.DataFrame:
        """What must not repeat: the key of each row, and of a batch of files also its file."""
        key = _key(declared)
        if self._files is None:
            return valid.select(key)
        return valid.select(ROW, *key).join(self._files, on=ROW, how="left", maintain_order="left").select(*key, FILE)


def _columns(declared: StatedType) -> tuple[Property, ...]:
    if isinstance(declared, RelationshipType):
        ends = tuple(Property(end, ValueType.STRING, "", required=True) for end in ("subject", "object"))
        return (*ends, *declared.columns)
    return declared.columns


def _key(declared: StatedType) -> tuple[str, ...]:
    if isinstance(declared, EntityType):
        return ("id",)
    return ("subject", "object", *declared.key) if isinstance(declared, RelationshipType) else declared.key


def _reference_columns(declared: StatedType) -> dict[str, frozenset[str]]:
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
    if column.type is ValueType.INTEGER and given.is_float():
        # A cast would cut the fraction off in silence.
        value = pl.when(value == value.round()).then(value).alias(column.name)
    if column.type is ValueType.DATE and isinstance(given, pl.String):
        return value.str.to_date("%Y-%m-%d", strict=False)
    return value if given == wanted else value.cast(wanted, strict=False)


def _value_rules(columns: tuple[Property, ...], frame: pl.DataFrame, typed: pl.Schema) -> Iterator[_Rule]:
    for column in columns:
        name, value = column.name, pl.col(column.name)
        if column.required:
            yield _Rule(name, value.is_null() & _blank(name, frame.schema[name]), Reason.MISSING_VALUE)
        if frame.schema[name] != typed[name] and column.type is not ValueType.STRINGS:
            yield _Rule(name, value.is_null() & ~_blank(name, frame.schema[name]), Reason.BAD_VALUE)
        if column.type is ValueType.FLOAT and frame.schema[name] != pl.Null:
            yield _Rule(name, ~value.is_finite(), Reason.BAD_VALUE)
        if column.values:
            yield _Rule(name, ~value.is_in(column.values), Reason.BAD_VALUE)
        if column.minimum is not None:
            yield _Rule(name, value < column.minimum, Reason.OUT_OF_RANGE)
        if column.maximum is not None:
            yield _Rule(name, value > column.maximum, Reason.OUT_OF_RANGE)


def _blank(name: str, given: pl.DataType) -> pl.Expr:
    value = _given(name)
    return value.is_null() | (value.str.strip_chars() == "") if isinstance(given, pl.String) else value.is_null()


def _given(name: str) -> pl.Expr:
    """A value as it came, before it was typed."""
    return pl.col(f"_given_{name}")


@dataclass(frozen=True)
class _Judge:
    """Applies the rules to one frame: of several that a value or a statement breaks, the first counts."""

    declared: StatedType
    statements: Statements
    frame: pl.DataFrame
    typed: pl.DataFrame

    def judge(self, rules: list[_Rule]) -> Checked:
        """Part what fits from what does not."""
        rules = sorted(rules, key=self._weight)
        optional = dict.fromkeys(rule.column for rule in rules if self._weight(rule) == _OPTIONAL)
        given = {name: self.frame.height - self.frame[name].null_count() for name in optional}
        nothing = pl.DataFrame(schema=REJECTED_SCHEMA)
        data = self.typed.with_columns(
            self.frame.get_column(name).alias(f"_given_{name}") for name in self.frame.columns if name != ROW
        )
        broken = data.select(rule.broken.fill_null(False).alias(str(index)) for index, rule in enumerate(rules))
        hits = [(rule, broken[str(index)]) for index, rule in enumerate(rules) if broken[str(index)].any()]
        if not hits:
            return Checked(self.typed, nothing, nothing, given)
        rejected, lost = self._rejected(data, [hit for hit in hits if self._weight(hit[0]) != _OPTIONAL])
        valid, blanked = self._blanked(data, lost, [hit for hit in hits if self._weight(hit[0]) == _OPTIONAL])
        return Checked(valid.filter(~lost), pl.concat([nothing, *rejected]), pl.concat([nothing, *blanked]), given)

    def _weight(self, rule: _Rule) -> int:
        """How much hangs on a value: the row, the statement, or nothing but itself."""
        if rule.column in {*_key(self.declared), *_reference_columns(self.declared)}:
            return _KEY
        return _REQUIRED if self._column(rule.column).required else _OPTIONAL

    def _column(self, name: str) -> Property:
        return next(column for column in _columns(self.declared) if column.name == name)

    def _rejected(
        self, data: pl.DataFrame, hits: list[tuple[_Rule, pl.Series]]
    ) -> tuple[list[pl.DataFrame], pl.Series]:
        """What is said of each statement that is rejected, and which they are."""
        lost = pl.Series([False]).new_from_index(0, data.height)
        told = []
        for rule, broken in hits:
            scope = _scope(self.statements) if self._weight(rule) == _KEY else Scope.CELL
            told.append(self._entries(data, broken & ~lost, rule, scope))
            lost |= broken
        return told, lost

    def _blanked(
        self, data: pl.DataFrame, lost: pl.Series, hits: list[tuple[_Rule, pl.Series]]
    ) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
        """The statements without the values that do not fit, and what is said of each of these."""
        valid, told = self.typed, []
        done = dict.fromkeys((rule.column for rule, _broken in hits), lost)
        for rule, broken in hits:
            told.append(self._entries(data, broken & ~done[rule.column], rule, Scope.CELL))
            done[rule.column] = done[rule.column] | broken
            valid = valid.with_columns(pl.when(~broken).then(pl.col(rule.column)).alias(rule.column))
        return valid, told

    def _entries(self, data: pl.DataFrame, which: pl.Series, rule: _Rule, scope: Scope) -> pl.DataFrame:
        value = _given(rule.column).cast(pl.String)
        detail = pl.lit(rule.column) if rule.reason is Reason.MISSING_VALUE else pl.format(rule.column + "={}", value)
        key = _joined([_given(name) for name in _key(self.declared)])
        said = {"reason": pl.lit(rule.reason.code), "key": key, "value": value, "detail": detail}
        return _set_aside(data.filter(which), scope, self.statements.type, column=pl.lit(rule.column), **said)


def _scope(statements: Statements) -> Scope:
    """What is lost with a key that does not fit."""
    return Scope.STATEMENT if statements.listed else Scope.ROW


def _set_aside(frame: pl.DataFrame, scope: Scope, type_name: str, **said: pl.Expr) -> pl.DataFrame:
    """Entries about some statements, as `REJECTED_SCHEMA` has them."""
    told = {"scope": pl.lit(scope.code), "type": pl.lit(type_name), **said}
    entries = (
        told.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in REJECTED_SCHEMA.items() if name != ROW
    )
    return frame.select(ROW, *entries)


def _joined(columns: list[pl.Expr]) -> pl.Expr:
    return pl.concat_str([column.cast(pl.String) for column in columns], separator=" ", ignore_nulls=True)
