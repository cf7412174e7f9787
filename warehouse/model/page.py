"""The data model for people: tables of types and properties, and the page of the docs."""

from __future__ import annotations

from typing import Any

from warehouse.model.schema import (
    Combine,
    DataModel,
    EntityType,
    MatrixKind,
    Property,
    RelationshipType,
    StatedType,
    TableType,
)

_HEAD = """# The data model

This page is made from the declarations in `warehouse/model/` (`targetgraph model --markdown`); a test holds it to them.

Every entity has an `id`, a CURIE, and `sources`, the sources that state it. Every relationship has `sources`,
`data_sources` (the databases that a source names as origin), `pubmed_ids`, `licences` and `evidence` (`asserted`,
`measured` or `predicted`). Of several values for one property the source with the best rank is shown; where a property
says *union*, *minimum* or *maximum*, all sources count.
"""

_PREDICTED = """## Predictions

Types of their own, which [runs of analyses](results.md) write and no source states. They are there while a run is
active. Every predicted relationship carries its `run` and the `evidence` `predicted`.
"""


def types(model: DataModel) -> list[dict[str, Any]]:
    """One row for each type of the model."""
    return [{"kind": _kind(one), "type": _name(one), "table": one.table, "meaning": one.meaning} for one in model]


def properties(declared: StatedType) -> list[dict[str, Any]]:
    """One row for each property of a type."""
    return [
        {
            "property": column.name,
            "type": _type(column),
            "meaning": column.meaning,
            "example": column.example,
            "combined": "" if column.combine is Combine.PRIORITY else column.combine.name.lower(),
        }
        for column in declared.shown
    ]


def page(model: DataModel) -> str:
    """The page `docs/model.md`."""
    parts = [_HEAD, "## Entities\n"]
    parts += [_entity(entity) for entity in model.entities.values()]
    parts.append("## Relationships\n")
    parts += [_relationship(declared) for declared in model.relationships.values()]
    parts.append("## Tables\n")
    parts += [
        f"### {table.name}\n\n{table.meaning} Key: {_code(table.key)}.\n\n{_properties(table.columns)}"
        for table in model.tables.values()
    ]
    parts.append("## Matrices\n")
    parts.append("Each matrix is a table of its own; the view of a kind spans all matrices of that kind.\n")
    parts += [_matrix(matrix) for matrix in model.matrices.values()]
    return "\n".join(parts).rstrip() + "\n"


def _entity(entity: EntityType) -> str:
    keys = f"Table `{entity.table}`. Ids: {_code(entity.prefixes)}."
    further = entity.references[len(entity.prefixes) :]
    if further:
        keys += f" Sources may also refer to it by {_code(further)}."
    keys += f" Biolink: `{entity.biolink}`."
    return f"### {entity.label}\n\n{entity.meaning} {keys}\n\n{_properties(entity.properties)}"


def _relationship(declared: RelationshipType) -> str:
    ends = ", ".join(f"{subject} → {object_}" for subject, object_ in declared.ends[:12])
    more = f", and {len(declared.ends) - 12} more" if len(declared.ends) > 12 else ""
    symmetric = " Symmetric: stored once, the smaller id first." if declared.symmetric else ""
    biolink = f" Biolink: `{declared.biolink}`."
    table = f"\n{_properties(declared.properties)}" if declared.properties else ""
    return f"### {declared.name}\n\n{declared.meaning}. {ends}{more}.{symmetric}{biolink}\n{table}"


def _matrix(kind: MatrixKind) -> str:
    rows = ", ".join(kind.row_types)
    traits = ["what is not stored is 0"] if kind.sparse else []
    traits += [f"layers {_code(kind.layers)}"] if kind.layers else []
    traits += ["vectors"] if kind.vector else []
    return f"- `{kind.name}`: {kind.meaning} {'; '.join([f'{rows} x {kind.feature_type}', *traits])}."


def _properties(columns: tuple[Property, ...]) -> str:
    lines = ["| property | type | meaning | example |", "|---|---|---|---|"]
    for column in columns:
        combined = "" if column.combine is Combine.PRIORITY else f" ({column.combine.name.lower()})"
        example = f"`{column.example}`" if column.example else ""
        lines.append(f"| `{column.name}` | {_type(column)} | {column.meaning}{combined} | {example} |")
    return "\n".join(lines) + "\n"


def _kind(declared: StatedType) -> str:
    if isinstance(declared, TableType):
        return "table"
    kind = "entity" if isinstance(declared, EntityType) else "relationship"
    return f"predicted {kind}" if declared.predicted else kind


def _name(declared: StatedType) -> str:
    return declared.label if isinstance(declared, EntityType) else declared.name


def _type(column: Property) -> str:
    return column.type.name.lower().replace("strings", "list of strings")


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
