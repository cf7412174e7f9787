"""Sets of genes to test a list against: those of the graph, and a user's own in GMT files.

A *collection* is a kind of set. Those of the graph follow from the data model: one for each relationship type and kind
of entity that genes are linked with (the genes of a pathway, of a disease, of a drug's targets). What runs of analyses
predict makes collections of its own, which exist while a run is active. A GMT file is one collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from warehouse.analyst.identifiers import MOST_IDENTIFIERS, Resolved, resolve
from warehouse.cypher.catalogue import ORDINAL_SHIFT
from warehouse.errors import QuestionError
from warehouse.model import MODEL, DataModel
from warehouse.tables.schema import ordinals

Nodes = NDArray[np.int64]

#: A GMT file larger than this is no collection of gene sets; all of MSigDB is about 60 MB.
MOST_GMT_BYTES = 200_000_000
#: A line longer than this holds no gene set: all human genes are some 500 kB.
_LONGEST_LINE = 2_000_000
#: Types that are about the record, not about genes.
_OF_THE_RECORD = frozenset({"Source", "Release", "AnalysisRun"})
_GENE = "Gene"


@dataclass(frozen=True)
class Collection:
    """A kind of gene sets in the graph.

    Args:
        name: `PARTICIPATES_IN:Pathway`: the relationship type, and the type of the entity that makes the set.
        relationship_table: the table of the links.
        set_table: the table of the entities that make the sets.
        gene_end: the column of the links that holds the gene, `_s` or `_o`.
        set_end: the other one.
        gene_nodes: the internal ids that genes may have; a relationship type may link other types too.
        set_nodes: those of the entities that make the sets.
        predicted: whether runs of analyses predict it; else sources state it.
    """

    name: str
    relationship_table: str
    set_table: str
    gene_end: str
    set_end: str
    gene_nodes: range
    set_nodes: range
    predicted: bool = False

    def links(self, connection: duckdb.DuckDBPyConnection) -> tuple[Nodes, Nodes]:
        """Gene and set of every link, each pair once, in no order."""
        gene, gene_set = self.gene_end, self.set_end
        found = connection.execute(
            f"""SELECT DISTINCT {gene} AS gene, {gene_set} AS gene_set FROM graph.{self.relationship_table}
            WHERE {gene} BETWEEN {self.gene_nodes.start} AND {self.gene_nodes.stop - 1}
                AND {gene_set} BETWEEN {self.set_nodes.start} AND {self.set_nodes.stop - 1}"""
        ).fetchnumpy()
        return found["gene"], found["gene_set"]


@dataclass(frozen=True)
class GeneSet:
    """A set of a user's own file: its name, a description, the canonical ids of its genes, sorted, and the file."""

    name: str
    description: str
    genes: tuple[str, ...]
    collection: str = "own"


def collections(model: DataModel = MODEL) -> dict[str, Collection]:
    """All collections that the data model allows, by name; of `FULL_MODEL` also those of predictions."""
    found = {}
    numbers = ordinals(model)
    for name, declared in sorted(model.relationships.items()):
        for subject, object_ in declared.ends:
            if (subject == _GENE) == (object_ == _GENE) or {subject, object_} & _OF_THE_RECORD:
                continue
            other = object_ if subject == _GENE else subject
            ends = ("_s", "_o") if subject == _GENE else ("_o", "_s")
            key, table = f"{name}:{other}", model.entities[other].table
            nodes = _nodes(numbers[model.entities[_GENE].table]), _nodes(numbers[table])
            found[key] = Collection(key, declared.table, table, *ends, *nodes, declared.predicted)
    return found


def _nodes(ordinal: int) -> range:
    return range(ordinal << ORDINAL_SHIFT, (ordinal + 1) << ORDINAL_SHIFT)


def chosen(names: Iterable[str], model: DataModel = MODEL) -> list[Collection]:
    """The collections of that name, or of that type of entity or relationship (`Pathway`, `TARGETS`).

    Args:
        names: what is wanted.
        model: where it is looked for; `FULL_MODEL` while runs of analyses are active.

    Raises:
        QuestionError: no collection is called so.
    """
    known = collections(model)
    found: dict[str, Collection] = {}
    for name in names:
        wanted = name.casefold()
        fitting = [key for key in known if wanted == key.casefold()]
        # A word that fits both means what sources state; predictions are named whole.
        for predicted in (False, True):
            fitting = fitting or [
                key for key, one in known.items() if one.predicted is predicted and wanted in key.casefold().split(":")
            ]
        if not fitting:
            raise QuestionError(f"There is no collection of gene sets {name!r}.", f"Collections: {', '.join(known)}.")
        found |= {key: known[key] for key in fitting}
    return [found[key] for key in sorted(found)]


def read_gmt(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[GeneSet], list[Resolved]]:
    """Read gene sets from a GMT file; see `parse_gmt`. The collection is the name of the file.

    Raises:
        QuestionError: the file cannot be read, or a line is no gene set.
    """
    try:
        if path.stat().st_size > MOST_GMT_BYTES:
            raise QuestionError(f"{path} is larger than {MOST_GMT_BYTES / 1e6:,.0f} MB.", "Is it a GMT file?")
        content = path.read_bytes()
    except OSError as error:
        raise QuestionError(f"{path} cannot be read: {error.strerror}") from None
    return parse_gmt(connection, content, str(path), path.name)


def parse_gmt(
    connection: duckdb.DuckDBPyConnection, content: bytes, called: str, collection: str = ""
) -> tuple[list[GeneSet], list[Resolved]]:
    """Read gene sets in the format GMT: a line each with name, description and genes, with tabs between them.

    Args:
        connection: a build; its names say what the genes are.
        content: the bytes of a file.
        called: the file, as errors name it.
        collection: the file, as results name it; else as `called`.

    Returns:
        The sets, and every text that is no gene of the build or means several.

    Raises:
        QuestionError: it is no text, or a line is no gene set; line and set are named.
    """
    lines = list(_lines(_text(content, called), called))
    texts = sorted(set().union(*(genes for _name, _description, genes in lines)))
    if len(texts) > MOST_IDENTIFIERS:
        raise QuestionError(
            f"{called} names {len(texts):,} different genes; no genome has so many.", f"Is it a GMT file? {_A_LINE}"
        )
    meanings = resolve(connection, texts)
    ids = {one.given: one.id for one in meanings}
    sets = [
        GeneSet(name, told, tuple(sorted({id_ for gene in genes if (id_ := ids[gene])})), collection or called)
        for name, told, genes in lines
    ]
    return sets, [one for one in meanings if one.id is None]


def _lines(text: str, called: str) -> Iterator[tuple[str, str, list[str]]]:
    names: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if len(line) > _LONGEST_LINE:
            raise QuestionError(f"{called}, line {number}: {len(line):,} letters are no gene set.", _A_LINE)
        name, *rest = (cell.strip() for cell in line.split("\t"))
        genes = [gene for gene in rest[1:] if gene]
        if not name or not genes:
            what = "no name" if not name else f"the set {name[:80]!r} has no genes"
            raise QuestionError(f"{called}, line {number}: no gene set ({what}).", _A_LINE)
        if name in names:
            raise QuestionError(
                f"{called}, line {number}: the set {name[:80]!r} stands in line {names[name]} already.",
                "Give each set a name of its own.",
            )
        names[name] = number
        yield name, rest[0], genes
    if not names:
        raise QuestionError(f"{called} holds no gene sets.", _A_LINE)


_A_LINE = "A line has a name, a description and genes, with tabs between."


def _text(content: bytes, called: str) -> str:
    if b"\0" in content[:100_000]:
        raise QuestionError(f"{called} is no UTF-8 text.", "Save it as text (UTF-8): not as a spreadsheet, not packed.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise QuestionError(f"{called}, line {line}: no UTF-8 text.", "Save it as UTF-8.") from None
