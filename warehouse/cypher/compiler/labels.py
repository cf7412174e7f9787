"""Which types of the catalogue a label expression means."""

from __future__ import annotations

from warehouse.cypher.compiler.relation import Context
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import Kind, Type


def matching(expression: s.LabelExpression, type_: Type, context: Context) -> frozenset[int]:
    """The ordinals, of those that an entity may have, whose labels (or type) satisfy the expression."""
    catalogue = context.catalogue
    if type_.kind is Kind.NODE:
        candidates = catalogue.all_nodes if type_.of is None else type_.of
        names = {ordinal: frozenset(catalogue.node_by_ordinal[ordinal].all_labels) for ordinal in candidates}
        _warn(expression, "label", catalogue.labels, context)
    else:
        candidates = catalogue.all_relationships if type_.of is None else type_.of
        names = {ordinal: frozenset({catalogue.relationship_by_ordinal[ordinal].name}) for ordinal in candidates}
        _warn(expression, "relationship type", catalogue.type_names, context)
    return frozenset(ordinal for ordinal, labels in names.items() if satisfies(expression, labels))


def satisfies(expression: s.LabelExpression, labels: frozenset[str]) -> bool:
    """Whether a set of labels satisfies the expression."""
    match expression:
        case s.LabelName():
            return expression.name in labels
        case s.LabelAny():
            return bool(labels)
        case s.LabelNot():
            return not satisfies(expression.operand, labels)
        case s.LabelLogic():
            found = [satisfies(operand, labels) for operand in expression.operands]
            return all(found) if expression.operator == "&" else any(found)


def _warn(expression: s.LabelExpression, what: str, declared: frozenset[str], context: Context) -> None:
    match expression:
        case s.LabelName():
            if expression.name not in declared:
                context.warn_unknown(what, expression.name, declared)
        case s.LabelNot():
            _warn(expression.operand, what, declared, context)
        case s.LabelLogic():
            for operand in expression.operands:
                _warn(operand, what, declared, context)
        case s.LabelAny():
            pass
