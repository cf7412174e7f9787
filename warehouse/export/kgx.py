"""The graph as KGX: `nodes.tsv` and `edges.tsv` with Biolink's categories, predicates, prefixes and provenance.

KGX has one text format for all of them: values of a list are joined by `|` and nothing is quoted. So a tab or a line
break in a value becomes a blank, and a `|` within a value of a list becomes `/`. What the warehouse makes itself (its
sources and releases as nodes, disputed values) is told by the manifest instead.

| column | what it holds |
|---|---|
| `category`, `predicate` | those that the type declares; several types may share one |
| `original_predicate` | the relationship type, as `targetgraph:TYPE`: it tells types with one predicate apart |
| `primary_knowledge_source` | the first of the sources that state it, by rank; the others are aggregators |
| `knowledge_level`, `agent_type` | what is known of the evidence: asserted, measured or predicted |
| `publications` | PubMed identifiers |
| the other columns | the properties of the model under their own names |
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from warehouse.atomic import new_file
from warehouse.errors import TargetGraphError
from warehouse.export.selection import Selection
from warehouse.export.tables import Written, copy
from warehouse.model import ValueType
from warehouse.model.biolink import TO_BIOLINK
from warehouse.model.schema import EntityType, Property, RelationshipType, SynonymKind
from warehouse.progress import Progress, Task
from warehouse.tables.derived import ENTITY_TABLES
from warehouse.tables.schema import literal, quoted

#: The prefix of `original_predicate`, and of the ids of edges.
OURS = "targetgraph"

_NODES = ("id", "category", "name", "xref", "synonym", "in_taxon", "provided_by")
_EDGES = ("id", "subject", "predicate", "object", "category")

_OPTIONS = "FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', ESCAPE ''"
_LEVELS = {"asserted": "knowledge_assertion", "measured": "observation", "predicted": "prediction"}
_AGENTS = {"predicted": "computational_model"}


@dataclass(frozen=True)
class _Part:
    """The rows of one type: the SQL of each column, and what they are read from, in order."""

    columns: dict[str, str]
    rows: str


def write(selection: Selection, folder: Path, progress: Progress) -> Written:
    """Write `nodes.tsv` and `edges.tsv`."""
    entities = [d for d in selection.entity_types if d.table not in ENTITY_TABLES]
    relationships = [d for d in selection.relationship_types if not d.derived]
    nodes, edges = folder / "nodes.tsv", folder / "edges.tsv"
    with progress.task("export", total=len(entities) + len(relationships), unit="types") as task:
        counts = _write(selection, {d.label: _nodes(selection, d) for d in entities}, _NODES, nodes, task)
        counts |= _write(selection, {d.name: _edges(selection, d) for d in relationships}, _EDGES, edges, task)
    return Written([nodes, edges], counts)


def _write(
    selection: Selection, parts: dict[str, _Part], least: tuple[str, ...], path: Path, task: Task
) -> dict[str, int]:
    """Write all types to one file, one after the other; columns that a type does not have are empty."""
    names = list(dict.fromkeys([*least, *(name for part in parts.values() for name in part.columns)]))
    counts = {}
    try:
        with (
            TemporaryDirectory(dir=path.parent, prefix=".") as pieces,
            new_file(path, durable=False) as unfinished,
            unfinished.open("wb") as file,
        ):
            piece = Path(pieces) / "rows"
            file.write(("\t".join(names) + "\n").encode())
            for type_name, part in parts.items():
                task.describe(type_name)
                values = ", ".join(f"{part.columns.get(name, 'NULL')}::VARCHAR" for name in names)
                counts[type_name] = copy(selection.connection, f"SELECT {values} {part.rows}", piece, _OPTIONS)
                with piece.open("rb") as rows:
                    shutil.copyfileobj(rows, file, 1 << 20)
                task.advance(1)
    except OSError as error:
        raise TargetGraphError(f"{path} cannot be written: {error.strerror}") from error
    return counts


def _nodes(selection: Selection, declared: EntityType) -> _Part:
    properties = {column.name: _value("n", column) for column in declared.shown}
    columns = {
        **properties,
        "id": biolink_id("n.id"),
        "category": literal(f"biolink:{declared.biolink}"),
        "provided_by": _list(_infores("n.sources")),
    }
    if "identifiers" in properties:
        columns["xref"] = _list(_identifiers("list_filter(n.identifiers, lambda x: x <> n.id)"))
    if "taxon_id" in properties:
        columns["in_taxon"] = "'NCBITaxon:' || n.taxon_id"
    if names := _synonyms(declared):
        columns["synonym"] = names
    return _Part(columns, f"FROM {selection.node_table(declared)} AS n ORDER BY n._nid")


def _edges(selection: Selection, declared: RelationshipType) -> _Part:
    key = "".join(f" || '|' || coalesce(r.{quoted(name)}::VARCHAR, '')" for name in declared.key)
    first = _first(selection)
    columns = {
        "id": f"'{OURS}:' || md5(s.id || '|{declared.name}|' || o.id{key})",
        "subject": biolink_id("s.id"),
        "predicate": literal(f"biolink:{declared.biolink}"),
        "object": biolink_id("o.id"),
        "category": "'biolink:Association'",
        "original_predicate": literal(f"{OURS}:{declared.name}"),
        "primary_knowledge_source": f"'infores:' || replace({first}, '_', '-')",
        "aggregator_knowledge_source": _list(_infores(f"list_filter(r.sources, lambda x: x <> {first})")),
        "knowledge_level": _mapped("r.evidence", _LEVELS),
        "agent_type": _mapped("r.evidence", _AGENTS),
        "publications": _list("list_transform(r.pubmed_ids, lambda x: 'PMID:' || x)"),
        **{column.name: _value("r", column) for column in declared.shown},
    }
    return _Part(
        columns,
        f"""FROM graph.{quoted(declared.table)} AS r
        JOIN {selection.ends(declared, 0)} AS s ON s._nid = r._s
        JOIN {selection.ends(declared, 1)} AS o ON o._nid = r._o ORDER BY r._rid""",
    )


def biolink_id(column: str) -> str:
    """The SQL of a CURIE with the prefix that Biolink gives it.

    >>> "'uniprot': 'UniProtKB'" in biolink_id("n.id")
    True
    """
    known = ", ".join(f"{literal(ours)}: {literal(theirs)}" for ours, theirs in sorted(TO_BIOLINK.items()))
    prefix = f"split_part({column}, ':', 1)"
    return f"coalesce(MAP {{{known}}}[{prefix}], {prefix}) || substr({column}, strpos({column}, ':'))"


def _first(selection: Selection) -> str:
    """The best-ranked of a relationship's sources; what a run predicts has a source that is none of them."""
    names = selection.connection.execute("SELECT source FROM record.sources ORDER BY rank, source").fetchall()
    ranked = f"[{', '.join(literal(name) for (name,) in names)}]::VARCHAR[]"
    return f"coalesce(list_filter({ranked}, lambda x: list_contains(r.sources, x))[1], r.sources[1], '{OURS}')"


def _infores(sources: str) -> str:
    return f"list_transform({sources}, lambda x: 'infores:' || replace(x, '_', '-'))"


def _identifiers(column: str) -> str:
    return f"list_transform({column}, lambda x: {biolink_id('x')})"


def _synonyms(declared: EntityType) -> str | None:
    """Other names: aliases and previous symbols, whatever the type calls them; None where it has none."""
    named = [c for c in declared.properties if c.synonym in {SynonymKind.ALIAS, SynonymKind.PREVIOUS_SYMBOL}]
    lists = [f"coalesce(n.{quoted(c.name)}, [])" if _is_list(c) else f"[n.{quoted(c.name)}]" for c in named]
    if not lists:
        return None
    everything = f"list_sort(list_distinct(flatten([{', '.join(lists)}])))"
    return _list(f"list_filter({everything}, lambda x: x IS NOT NULL)")


def _value(alias: str, column: Property) -> str:
    name = f"{alias}.{quoted(column.name)}"
    if _is_list(column):
        return _list(name)
    return _text(name) if column.type is ValueType.STRING else f"{name}::VARCHAR"


def _text(value: str) -> str:
    return f"regexp_replace({value}, '[\\t\\r\\n]+', ' ', 'g')"


def _list(values: str) -> str:
    clean = f"list_transform({values}, lambda x: regexp_replace(replace(x, '|', '/'), '[\\t\\r\\n]+', ' ', 'g'))"
    return f"nullif(array_to_string({clean}, '|'), '')"


def _mapped(column: str, words: dict[str, str]) -> str:
    cases = " ".join(f"WHEN {literal(ours)} THEN {literal(theirs)}" for ours, theirs in words.items())
    return f"CASE {column} {cases} ELSE 'not_provided' END"


def _is_list(column: Property) -> bool:
    return column.type is ValueType.STRINGS
