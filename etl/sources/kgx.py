"""A user's own graph in KGX's tables: `nodes.tsv` and `edges.tsv`, with Biolink's categories and predicates.

Which type a node or an edge is of follows from the declarations of the model: a node's from the prefix of its id and,
where several types share that, from its category; an edge's from `original_predicate`, where that names a type, else
from the one type that declares its predicate for such ends. What fits none, or several, goes to quarantine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import polars as pl

from etl.formats.delimited import tsv
from etl.rows import Rows
from etl.source import Licence, Source, SourceFile
from etl.sources._structures import pdb_code
from warehouse.model import MODEL, EntityType, RelationshipType, ValueType
from warehouse.model.biolink import FROM_BIOLINK, SYMMETRIC
from warehouse.statements import ROW, Reason, Stated, entities, relationships

_PROPERTIES = {
    kind: tuple(dict.fromkeys(p.name for d in declared for p in d.columns if p.name not in {"id", "name"}))
    for kind, declared in (("nodes", MODEL.entities.values()), ("edges", MODEL.relationships.values()))
}
_MEASURED = ("observation", "statistical_association")


def curie(column: str) -> pl.Expr:
    """An identifier with the prefix that the warehouse gives it: `UniProtKB:P04637` is `uniprot:P04637`."""
    parts = pl.col(column).str.strip_chars().str.splitn(":", 2)
    prefix = parts.struct.field("field_0").str.to_lowercase().replace(FROM_BIOLINK)
    accession = parts.struct.field("field_1")
    return prefix + ":" + pl.when(prefix == "pdb").then(pdb_code(accession)).otherwise(accession)


def _list(column: str) -> pl.Expr:
    return pl.col(column).str.split("|").fill_null([])


def _filled(values: pl.Expr) -> pl.Expr:
    return pl.when(values.list.len() > 0).then(values)


def _chosen(rows: Rows, known: list[str], choose: Callable[..., str | None]) -> Rows:
    """Add `type`: what is chosen for each combination of the columns, of which there are few."""
    combinations = rows.frame.select(known).unique(maintain_order=True)
    types = [choose(*values) for values in combinations.rows()]
    chosen = combinations.with_columns(type=pl.Series(types, dtype=pl.String))
    joined = rows.frame.join(chosen, on=known, how="left", nulls_equal=True, maintain_order="left")
    return rows.with_columns(type=pl.lit(joined["type"]))


@cache
def _label(prefix: str | None, categories: str | None) -> str | None:
    """The entity type of a node, or, after `!`, why there is none."""
    given = {category.strip().removeprefix("biolink:") for category in (categories or "").split("|")}
    fitting = [d for d in MODEL.entities.values() if prefix in d.prefixes]
    by_category = [d for d in fitting if given & {d.biolink, *d.biolink_also}]
    known = {d.biolink for d in MODEL.entities.values()} - {"NamedThing"}
    if len(fitting) == 1 and not given & known:
        return fitting[0].label
    if len(by_category) == 1:
        return by_category[0].label
    if not fitting:
        return f"!no type has ids with the prefix {prefix}"
    return f"!ids of {prefix} are of {' or '.join(d.label for d in fitting)}; {categories} does not say so"


def nodes(rows: Rows) -> Iterator[Stated]:
    """`nodes.tsv`: id, category, name, synonym, xref, in_taxon, and any property of the model under its own name."""
    rows = rows.with_columns(given=pl.col("id"), id=curie("id"))
    rows = rows.reject(pl.col("id").is_null(), Reason.BAD_IDENTIFIER, "the id is no CURIE", pl.col("given"))
    rows = _chosen(rows.with_columns(prefix=pl.col("id").str.extract("^([^:]+)")), ["prefix", "category"], _label)
    why = pl.col("type").str.strip_prefix("!")
    rows = rows.reject(pl.col("type").str.starts_with("!"), Reason.UNKNOWN_TYPE, why, pl.col("given"))
    for label, declared in MODEL.entities.items():
        found = rows.frame.filter(pl.col("type") == label)
        if found.height:
            yield entities(label, found.select(ROW, *(_value(declared, p.name) for p in declared.columns)))


def _value(declared: EntityType, name: str) -> pl.Expr:
    """A property of a node: under its own name, else as Biolink calls it."""
    if name == "taxon_id":
        return pl.coalesce(name, pl.col("in_taxon").str.extract(r"(\d+)$")).alias(name)
    if name == "identifiers":
        both = pl.concat_list(_list(name), _list("xref"))
        own = both.list.eval(_curies(pl.element())).list.drop_nulls().list.unique().list.sort()
        return _filled(own).alias(name)
    if name == "aliases":
        shown = [_list(p.name) for p in declared.properties if p.name in {"previous_symbols", "entry_name"}]
        others = pl.concat_list(shown) if shown else pl.lit([], pl.List(pl.String))
        return _filled(pl.coalesce(_filled(_list(name)), _list("synonym").list.set_difference(others))).alias(name)
    column = next(p for p in declared.columns if p.name == name)
    return _filled(_list(name)).alias(name) if column.type is ValueType.STRINGS else pl.col(name)


def _curies(element: pl.Expr) -> pl.Expr:
    prefix = element.str.extract("^([^:]+):").str.to_lowercase().replace(FROM_BIOLINK)
    return pl.concat_str(prefix, element.str.extract("^[^:]+(:.+)$"))


@cache
def _relationship(predicate: str | None, original: str | None, subject: str | None, object_: str | None) -> str:
    """The relationship type of an edge, `<` after it where its ends must be exchanged, or, after `!`, why not."""
    named = (original or "").removeprefix("targetgraph:").upper()
    stated = [d for d in MODEL.relationships.values() if not d.derived]
    for declared in stated:
        if declared.name == named:
            return declared.name
    plain = (predicate or "").removeprefix("biolink:")
    fitting = [d for d in stated if plain in {d.biolink, d.name.lower()}]
    straight = [d.name for d in fitting if _fits(d, subject, object_)]
    turned = [f"{d.name}<" for d in fitting if plain in SYMMETRIC and _fits(d, object_, subject)]
    found = straight or turned
    if len(found) == 1:
        return found[0]
    ends = f"{predicate} from {subject} to {object_}"
    if not found:
        return f"!no relationship type is declared for {ends}"
    return f"!{ends} may be {', '.join(found).replace('<', '')}: name one in original_predicate"


def _fits(declared: RelationshipType, subject: str | None, object_: str | None) -> bool:
    return any(
        subject in MODEL.entities[start].references and object_ in MODEL.entities[end].references
        for start, end in declared.ends
    )


def edges(rows: Rows) -> Iterator[Stated]:
    """`edges.tsv`: subject, predicate, object, provenance, publications, and any property of the model."""
    rows = rows.with_columns(subject=curie("subject"), object=curie("object"))
    whole = pl.col("subject").is_not_null() & pl.col("object").is_not_null() & pl.col("predicate").is_not_null()
    rows = rows.reject(~whole, Reason.MISSING_VALUE, "an edge has a subject, a predicate and an object")
    rows = rows.reject(
        pl.col("negated").str.to_lowercase().is_in(["true", "1"]), Reason.BAD_VALUE, "the statement is negated"
    )
    predicted = (pl.col("knowledge_level") == "prediction") | (pl.col("evidence") == "predicted")
    rows = rows.reject(predicted, Reason.BAD_VALUE, "a prediction is not taken for a fact")
    prefixes = {f"{end}_prefix": pl.col(end).str.extract("^([^:]+)") for end in ("subject", "object")}
    rows = _chosen(rows.with_columns(**prefixes), ["predicate", "original_predicate", *prefixes], _relationship)
    why = pl.col("type").str.strip_prefix("!")
    rows = rows.reject(pl.col("type").str.starts_with("!"), Reason.UNKNOWN_TYPE, why)
    for name, declared in MODEL.relationships.items():
        found = rows.frame.filter(pl.col("type").str.strip_suffix("<") == name)
        if found.height:
            yield relationships(name, found.select(ROW, *_ends(), *_evidence(), *_own(declared)))


def _ends() -> Iterator[pl.Expr]:
    turned = pl.col("type").str.ends_with("<")
    for end, other in (("subject", "object"), ("object", "subject")):
        yield pl.when(turned).then(pl.col(other)).otherwise(pl.col(end)).alias(end)


def _evidence() -> Iterator[pl.Expr]:
    sources = pl.concat_list(_list("primary_knowledge_source"), _list("aggregator_knowledge_source"))
    origins = sources.list.eval(
        pl.element().str.strip_prefix("infores:").str.replace_all("-", "_").replace("targetgraph", None)
    )
    yield _filled(pl.concat_list(_list("data_sources"), origins).list.drop_nulls()).alias("data_sources")
    papers = _list("publications").list.eval(pl.element().str.extract(r"(?i)^(?:PMID|pubmed):(\d+)$"))
    yield _filled(pl.concat_list(_list("pubmed_ids"), papers).list.drop_nulls()).alias("pubmed_ids")
    yield _filled(pl.concat_list(_list("licences"), _list("license"))).alias("licences")
    measured = pl.col("knowledge_level").is_in(_MEASURED).fill_null(False)
    told = pl.when(measured).then(pl.lit("measured")).otherwise(pl.lit("asserted"))
    yield pl.coalesce("evidence", told).alias("evidence")


def _own(declared: RelationshipType) -> Iterator[pl.Expr]:
    for column in declared.properties:
        lists = column.type is ValueType.STRINGS
        yield _filled(_list(column.name)).alias(column.name) if lists else pl.col(column.name)


SOURCE = Source(
    name="kgx",
    title="A graph in KGX",
    description="A graph of the user's own, or of others, as tables of nodes and edges in the words of Biolink.",
    homepage="https://github.com/biolink/kgx",
    licence=Licence("the user's own", False, "https://github.com/biolink/kgx/blob/master/specification/kgx-format.md"),
    rank=90,
    files=(
        SourceFile(
            "nodes",
            ("kgx/*nodes.tsv", "kgx_nodes.tsv"),
            tsv("id", "category", optional=("name", "synonym", "xref", "in_taxon", *_PROPERTIES["nodes"])),
            nodes,
            required=False,
            one_of="table of a graph",
            many=True,
        ),
        SourceFile(
            "edges",
            ("kgx/*edges.tsv", "kgx_edges.tsv"),
            tsv(
                *("subject", "predicate", "object"),
                optional=(
                    *("original_predicate", "primary_knowledge_source", "aggregator_knowledge_source"),
                    *("knowledge_level", "negated", "publications", "license", *_PROPERTIES["edges"]),
                ),
            ),
            edges,
            required=False,
            one_of="table of a graph",
            many=True,
        ),
    ),
    is_public=False,
)
