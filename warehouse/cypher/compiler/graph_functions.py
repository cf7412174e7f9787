"""Functions of nodes, relationships and paths: what follows from their ids, their tables and their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.cypher.catalogue import ORDINAL_SHIFT
from warehouse.cypher.compiler.operators import NeedsPython
from warehouse.cypher.compiler.relation import Facet, Scan, Value
from warehouse.cypher.types import INTEGER, STRING, Kind, Type, list_of

if TYPE_CHECKING:
    from warehouse.cypher.compiler.expressions import Expressions

GRAPH_FUNCTIONS = frozenset(
    {
        "labels", "type", "id", "elementid", "properties", "keys", "startnode", "endnode", "nodes", "relationships",
        "length",
    }
)  # fmt: skip


def graph_function(expressions: Expressions, name: str, subject: Value) -> Value:  # noqa: PLR0911
    """A function of an entity or path, or `keys` and `properties` of a map."""
    match name:
        case "labels" | "type":
            known = subject.columns.ordinal if isinstance(subject.columns, Scan) else None
            return type_names(expressions, subject, known or f"({subject.sql} >> {ORDINAL_SHIFT})")
        case "id":
            return Value(subject.sql, INTEGER)
        case "elementid":
            word = "node" if subject.type.kind is Kind.NODE else "relationship"
            return Value(f"('{word}:' || CAST({subject.sql} AS VARCHAR))", STRING)
        case "properties":
            packed = expressions.struct(
                fields := all_properties(expressions, subject),
                frozenset(fields) if subject.type.is_entity else subject.type.sparse,
            )
            return Value(f"CASE WHEN {subject.sql} IS NOT NULL THEN {packed.sql} END", packed.type)
        case "keys":
            return _keys(expressions, subject)
        case "startnode" | "endnode":
            return _end_node(expressions, subject, "_s" if name == "startnode" else "_o")
        case "nodes":
            return Value(f"struct_extract({subject.sql}, 'ns')", list_of(Type(Kind.NODE)))
        case "relationships":
            return Value(f"struct_extract({subject.sql}, 'rs')", list_of(Type(Kind.RELATIONSHIP)))
        case _:
            return Value(f"len(struct_extract({subject.sql}, 'rs'))", INTEGER)


def type_names(expressions: Expressions, subject: Value, ordinal_sql: str) -> Value:
    """`labels(n)` or `type(r)`: both follow from the ordinal, the upper bits of the id."""
    catalogue = expressions.context.catalogue
    of_node = subject.type.kind is Kind.NODE
    result = list_of(STRING) if of_node else STRING
    names: dict[str, list[int]] = {}
    for ordinal in sorted(expressions.types_of(subject)):
        if of_node:
            labels = ", ".join(
                expressions.context.bind_text(label) for label in catalogue.node_by_ordinal[ordinal].all_labels
            )
            text = f"CAST([{labels}] AS VARCHAR[])"
        else:
            text = expressions.context.bind_text(catalogue.relationship_by_ordinal[ordinal].name)
        names.setdefault(text, []).append(ordinal)
    whens = " ".join(f"WHEN {ordinal} THEN {text}" for text, ordinals in names.items() for ordinal in ordinals)
    return Value(f"CASE {ordinal_sql} {whens or 'WHEN 0 THEN NULL'} END", result)


def _keys(expressions: Expressions, subject: Value) -> Value:
    pairs = [
        f"CASE WHEN {value.sql} IS NOT NULL THEN {expressions.context.bind_text(key)} END"
        if subject.type.is_entity or key in subject.type.sparse
        else expressions.context.bind_text(key)
        for key, value in all_properties(expressions, subject).items()
    ]
    name = expressions.context.alias("x")
    keys = f"list_filter(CAST([{', '.join(pairs)}] AS VARCHAR[]), lambda {name}: {name} IS NOT NULL)"
    return Value(f"CASE WHEN {subject.sql} IS NOT NULL THEN {keys} END", list_of(STRING))


def _end_node(expressions: Expressions, subject: Value, which: str) -> Value:
    if not isinstance(subject.columns, (Scan, Facet)):
        raise NeedsPython
    pairs = [pair for ordinal in expressions.types_of(subject) for pair in expressions.context.catalogue.ends[ordinal]]
    found = frozenset(pair[0 if which == "_s" else 1] for pair in pairs)
    nullable = isinstance(subject.columns, Facet) and subject.columns.nullable
    sql = subject.columns.end("_s" if which == "_s" else "_o")
    return expressions.relation.entity(sql, Type(Kind.NODE, of=found), nullable)


def all_properties(expressions: Expressions, subject: Value) -> dict[str, Value]:
    """Every property that an entity may have, or every key of a map."""
    if subject.type.kind is Kind.MAP:
        return {key: expressions.struct_field(subject, n, type_) for n, (key, type_) in enumerate(subject.type.fields)}
    if subject.columns is None:
        raise NeedsPython
    catalogue = expressions.context.catalogue
    kinds = catalogue.node_by_ordinal if subject.type.kind is Kind.NODE else catalogue.relationship_by_ordinal
    ordinals = sorted(kinds if subject.type.of is None else subject.type.of)
    names = {name: None for ordinal in ordinals for name in kinds[ordinal].properties}
    return {name: value for name in names if (value := subject.columns.column(name)) is not None}
