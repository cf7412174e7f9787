"""The words in which the data model is declared: properties, entity types, relationship types, tables.

Nothing here names a gene or a drug. The declarations stand in `entities.py`, `relationships.py` and `tables.py`; from
them code makes DuckDB's schemas, the graph's catalogue, the checks of frames and the model page of the docs.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from functools import cached_property

from warehouse.errors import TargetGraphError


class ValueType(StrEnum):
    """What a property holds; the value is DuckDB's name of the type."""

    STRING = "VARCHAR"
    INTEGER = "BIGINT"
    FLOAT = "DOUBLE"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    STRINGS = "VARCHAR[]"


class Combine(StrEnum):
    """How the statements of several sources about one property become the value that is shown."""

    PRIORITY = "the value of the source with the best rank"
    UNION = "all values, sorted, each once"
    MINIMUM = "the smallest value"
    MAXIMUM = "the largest value"
    SUM = "the sum of the values"


class SynonymKind(StrEnum):
    """How a property names its entity, and so whether a reference or a search may use it."""

    SYMBOL = "symbol"
    PREVIOUS_SYMBOL = "previous_symbol"
    ALIAS = "alias"
    NAME = "name"
    IDENTIFIER = "identifier"


class Use(Flag):
    """Where the product takes a type of entity into account without being asked for it."""

    PATHS = auto()
    """Paths between two entities pass through it."""
    GENE_SETS = auto()
    """The genes that are linked with one of them make a set to test a list of genes against."""
    CHOICES = auto()
    """Pages offer it where a type is chosen: for lists, and for the ends of paths."""
    OVERVIEW = auto()
    """It is counted on the first page."""


#: What holds for a type that says nothing else: it is a part of biology.
BIOLOGY = Use.PATHS | Use.GENE_SETS


@dataclass(frozen=True)
class Property:
    """One property of an entity, a relationship or a table row.

    Args:
        name: snake case; a unit, where there is one, is part of the name (`resolution_angstrom`).
        type: what it holds.
        meaning: one sentence for the model page.
        example: a value as a user would see it.
        required: a statement without it is set aside.
        combine: how several sources become one value.
        synonym: how the property names its entity, if it does.
        minimum, maximum: the closed range of a number; a value outside it is set aside.
        values: the allowed values, where they are few.
    """

    name: str
    type: ValueType
    meaning: str
    example: str = ""
    required: bool = False
    combine: Combine = Combine.PRIORITY
    synonym: SynonymKind | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()


def string(name: str, meaning: str, example: str = "", **options: object) -> Property:
    """A text property."""
    return Property(name, ValueType.STRING, meaning, example, **options)  # type: ignore[arg-type]


def strings(name: str, meaning: str, example: str = "", **options: object) -> Property:
    """A list of texts; several sources are united."""
    options.setdefault("combine", Combine.UNION)
    return Property(name, ValueType.STRINGS, meaning, example, **options)  # type: ignore[arg-type]


def integer(name: str, meaning: str, example: str = "", **options: object) -> Property:
    """A whole number."""
    return Property(name, ValueType.INTEGER, meaning, example, **options)  # type: ignore[arg-type]


def number(name: str, meaning: str, example: str = "", **options: object) -> Property:
    """A real number."""
    return Property(name, ValueType.FLOAT, meaning, example, **options)  # type: ignore[arg-type]


def date(name: str, meaning: str, example: str = "", **options: object) -> Property:
    """A calendar day, ISO 8601."""
    return Property(name, ValueType.DATE, meaning, example, **options)  # type: ignore[arg-type]


def boolean(name: str, meaning: str, example: str = "", **options: object) -> Property:
    """True or false."""
    return Property(name, ValueType.BOOLEAN, meaning, example, **options)  # type: ignore[arg-type]


ID = string("id", "The canonical identifier, a CURIE", "hgnc:11998", required=True)
SOURCES = strings("sources", "The sources that state it", "['hgnc', 'ncbi_gene']")

#: What every relationship carries beside its own properties.
EVIDENCE = (
    strings("data_sources", "The databases that the source itself names as origin", "['Reactome']"),
    strings("pubmed_ids", "PubMed identifiers of the evidence", "['10722742']"),
    strings("licences", "The licence of the statement, where the source gives one for each", "['CC BY 4.0']"),
    string(
        "evidence",
        "Whether a source asserts it, measured it, or an analysis predicts it",
        "asserted",
        values=("asserted", "measured", "predicted"),
        combine=Combine.MAXIMUM,
    ),
)


@dataclass(frozen=True)
class EntityType:
    """A kind of thing: a node label of the graph and a typed table.

    Args:
        label: the node label, a Biolink category where one fits.
        table: the name of its table and view.
        meaning: one sentence.
        prefixes: the CURIE prefixes of its canonical ids; what has several is keyed by the first.
        properties: beside `id` and `sources`, which every entity has.
        symbol_prefix: the prefix of a reference by symbol, previous symbol or alias (`hgnc.symbol:TP53`).
        identifier_prefixes: further prefixes by which sources may refer to it, never its key (`ensembl`).
        predicted: written by runs of analyses (`warehouse.model.predictions`); no source may state it.
        biolink: the Biolink category that fits best; several types may share one, their prefixes tell them apart.
        biolink_also: categories of other types that graphs give to things with these ids.
        uses: where it is taken into account without being asked for.
        number_prefix: the prefix that a number without one has where a person names such an entity (`7157`).
        panels: the panels that its report shows above the properties, in this order (`dashboards.pages.report.PANELS`).
    """

    label: str
    table: str
    meaning: str
    prefixes: tuple[str, ...]
    properties: tuple[Property, ...]
    symbol_prefix: str | None = None
    identifier_prefixes: tuple[str, ...] = ()
    predicted: bool = False
    biolink: str = "NamedThing"
    biolink_also: tuple[str, ...] = ()
    uses: Use = BIOLOGY
    number_prefix: str | None = None
    panels: tuple[str, ...] = ()

    @cached_property
    def references(self) -> tuple[str, ...]:
        """Every prefix by which a statement may refer to it."""
        symbol = () if self.symbol_prefix is None else (self.symbol_prefix,)
        return (*self.prefixes, *symbol, *self.identifier_prefixes)

    @cached_property
    def columns(self) -> tuple[Property, ...]:
        """The stated columns, `id` first."""
        return (ID, *self.properties)

    @cached_property
    def shown(self) -> tuple[Property, ...]:
        """The columns of the resolved table: the stated ones and `sources`."""
        return (*self.columns, SOURCES)


@dataclass(frozen=True)
class RelationshipType:
    """A kind of relationship between entities.

    Args:
        name: upper snake case.
        meaning: one sentence that reads from subject to object.
        ends: the allowed pairs of subject label and object label.
        properties: beside those of `EVIDENCE` and `sources`.
        symmetric: stored once, the smaller id first.
        key: properties that, with the ends, tell two relationships of this type apart.
        derived: made by the warehouse itself; no source may state it.
        predicted: written by runs of analyses (`warehouse.model.predictions`); no source may state it.
        biolink: the Biolink predicate that fits best; several types may share one.
    """

    name: str
    meaning: str
    ends: tuple[tuple[str, str], ...]
    properties: tuple[Property, ...] = ()
    symmetric: bool = False
    key: tuple[str, ...] = ()
    derived: bool = False
    biolink: str = "related_to"
    predicted: bool = False

    @cached_property
    def table(self) -> str:
        """The name of its table."""
        return self.name.lower()

    @cached_property
    def columns(self) -> tuple[Property, ...]:
        """The stated columns beside `subject` and `object`."""
        return (*self.properties, *EVIDENCE)

    @cached_property
    def shown(self) -> tuple[Property, ...]:
        """The columns of the resolved relationship beside its ends."""
        return (*self.columns, SOURCES)

    @cached_property
    def labels(self) -> frozenset[str]:
        """Every label that stands at either end."""
        return frozenset(label for pair in self.ends for label in pair)


@dataclass(frozen=True)
class TableType:
    """Rows that are no graph: clinical end points, single mutations.

    Args:
        name: the table's name.
        meaning: one sentence.
        key: the columns that identify a row; of several statements the best-ranked source is shown.
        properties: all columns.
        references: columns that hold an entity's id, with the entity's label.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    properties: tuple[Property, ...]
    references: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The name of its table."""
        return self.name

    @cached_property
    def columns(self) -> tuple[Property, ...]:
        """The stated columns."""
        return self.properties

    @cached_property
    def shown(self) -> tuple[Property, ...]:
        """The columns of the resolved table."""
        return (*self.properties, SOURCES)


StatedType = EntityType | RelationshipType | TableType


@dataclass(frozen=True)
class MatrixKind:
    """A kind of matrix; every matrix of a source becomes a table of its own.

    What a row or a feature is, is a label of an entity type, or a word in lower case (`cell`, `spot`, `component`) for
    what is not an entity.

    Args:
        name: `expression`, `mutation_status`, `copy_number`: also the view over all matrices of the kind.
        meaning: one sentence.
        minimum, maximum: the closed range of its values, those of layers too.
        row_types: what its rows can be.
        feature_type: what its features are.
        sparse: what is not stored is 0; else it is missing.
        layers: further values that its matrices may have for each row and feature, by name.
        vector: its features are the components of a vector, numbered from 0; every row has all of them, as float32.
    """

    name: str
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    row_types: tuple[str, ...] = ("Patient", "Sample")
    feature_type: str = "Gene"
    sparse: bool = False
    layers: tuple[str, ...] = ()
    vector: bool = False


class DataModel:
    """All declarations, with look-up by name.

    Raises:
        ValueError: two declarations share a name, or an end names no entity type.
    """

    def __init__(
        self,
        entities: Iterable[EntityType],
        relationships: Iterable[RelationshipType],
        tables: Iterable[TableType],
        matrices: Iterable[MatrixKind],
    ) -> None:
        entities, relationships, tables = list(entities), list(relationships), list(tables)
        every: list[StatedType] = [*entities, *relationships, *tables]
        repeated = sorted(table for table, times in Counter(one.table for one in every).items() if times > 1)
        if repeated:
            raise ValueError(f"declared twice: {', '.join(repeated)}")
        self.entities = {entity.label: entity for entity in entities}
        self.relationships = {relationship.name: relationship for relationship in relationships}
        self.tables = {table.name: table for table in tables}
        self.matrices = {matrix.name: matrix for matrix in matrices}
        self._verify()

    def __iter__(self) -> Iterator[StatedType]:
        yield from self.entities.values()
        yield from self.relationships.values()
        yield from self.tables.values()

    def __getitem__(self, name: str) -> StatedType:
        """The entity type, relationship type or table of that name.

        Raises:
            TargetGraphError: no such name is declared.
        """
        for declared in (self.entities, self.relationships, self.tables):
            if name in declared:
                return declared[name]
        raise TargetGraphError(f"The data model declares no type {name!r}.", "`targetgraph model` lists all types.")

    def named(self, name: str) -> StatedType:
        """As `[]`, for a name that a person writes: the table's name will do, and capitals do not matter.

        Raises:
            TargetGraphError: no such name is declared; the message offers what is near.
        """
        declared: dict[str, StatedType] = {**self.entities, **self.relationships, **self.tables}
        spoken = {written.lower(): one for key, one in declared.items() for written in (one.table, key)}
        wanted = name.strip().lower()
        if wanted not in spoken:
            near = difflib.get_close_matches(wanted, spoken, 1)
            hint = "`targetgraph model` lists all types."
            hint = f"Did you mean {near[0]}? {hint}" if near else hint
            raise TargetGraphError(f"The data model declares no type {name!r}.", hint)
        return spoken[wanted]

    def labels_of_prefix(self, prefix: str) -> tuple[str, ...]:
        """The entity types that a reference with this CURIE prefix may mean."""
        return self._labels_of_prefix.get(prefix, ())

    def labels_for(self, use: Use) -> tuple[str, ...]:
        """The entity types with a use, in the order in which they are declared."""
        return tuple(label for label, entity in self.entities.items() if use in entity.uses)

    @cached_property
    def predicted(self) -> tuple[EntityType | RelationshipType, ...]:
        """The types that runs of analyses write: entities, then relationships."""
        types: list[EntityType | RelationshipType] = [*self.entities.values(), *self.relationships.values()]
        return tuple(one for one in types if one.predicted)

    @cached_property
    def _labels_of_prefix(self) -> dict[str, tuple[str, ...]]:
        labels: dict[str, tuple[str, ...]] = {}
        for entity in self.entities.values():
            for prefix in entity.references:
                labels[prefix] = (*labels.get(prefix, ()), entity.label)
        return labels

    def _verify(self) -> None:
        for relationship in self.relationships.values():
            unknown = sorted(relationship.labels - self.entities.keys())
            if unknown:
                raise ValueError(f"{relationship.name} ends at undeclared {', '.join(unknown)}")
        for matrix in self.matrices.values():
            named = (*matrix.row_types, matrix.feature_type)
            unknown = sorted(name for name in named if not name.islower() and name not in self.entities)
            if unknown:
                raise ValueError(f"{matrix.name} has rows or features of undeclared {', '.join(unknown)}")
