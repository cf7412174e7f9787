"""Sets of genes to test a list against: those of the graph, and a user's own in GMT files.

A *collection* is a kind of set. Those of the graph follow from the data model: one for each relationship type and kind
of entity that genes are linked with (the genes of a pathway, of a disease, of a drug's targets). What runs of analyses
predict makes collections of its own, which exist while a run is active. A GMT file is one collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from warehouse.analyst.identifiers import MOST_IDENTIFIERS, Outcome, Resolved, resolve
from warehouse.cypher.catalogue import ORDINAL_SHIFT
from warehouse.errors import QuestionError
from warehouse.identifier_forms import cleaned, is_missing
from warehouse.model import MODEL, DataModel, Use
from warehouse.tables.schema import ordinals

Nodes = NDArray[np.int64]

#: A GMT file larger than this is no collection of gene sets; all of MSigDB is about 60 MB.
MOST_GMT_BYTES = 200_000_000
#: A line longer than this holds no gene set: all human genes are some 500 kB.
_LONGEST_LINE = 2_000_000
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
    """A set of a user's own file.

    Args:
        name: as the file has it.
        description: the same; empty where there is none.
        genes: the canonical ids of its genes, sorted.
        collection: the file.
        has_description: whether the lines of the file have one; else they hold genes from the second field on.
        description_is_gene: whether the description is a gene, which does not count.
    """

    name: str
    description: str
    genes: tuple[str, ...]
    collection: str = "own"
    has_description: bool = True
    description_is_gene: bool = False


def collections(model: DataModel = MODEL) -> dict[str, Collection]:
    """All collections that the data model allows, by name; of `FULL_MODEL` also those of predictions."""
    found = {}
    numbers = ordinals(model)
    makes_sets = set(model.labels_for(Use.GENE_SETS))
    for name, declared in sorted(model.relationships.items()):
        for subject, object_ in declared.ends:
            if (subject == _GENE) == (object_ == _GENE):
                continue
            other = object_ if subject == _GENE else subject
            if other not in makes_sets:
                continue
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

    A file without descriptions is recognised by its shape: the second field of nearly every line is a gene, as the
    fields after it are, and no part of the set's name. Its sets say so (`has_description`).

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
    texts = sorted({_gene(field) for line in lines for field in line.fields})
    if len(texts) > MOST_IDENTIFIERS:
        raise QuestionError(
            f"{called} names {len(texts):,} different genes; no genome has so many.", f"Is it a GMT file? {_A_LINE}"
        )
    meanings = {one.given: one for one in resolve(connection, texts)}
    described = _has_descriptions(lines, meanings)
    used: set[str] = set()
    sets = []
    for line in lines:
        description, genes = (line.fields[0], line.fields[1:]) if described else ("", line.fields)
        given = {_gene(gene) for gene in genes if gene}
        if not given:
            raise _no_gene_set(called, line.number, f"the set {line.name[:80]!r} has no genes")
        used |= given
        ids = tuple(sorted({id_ for gene in given if (id_ := meanings[gene].id)}))
        mistaken = described and _is_gene(description, meanings)
        sets.append(GeneSet(line.name, description, ids, collection or called, described, mistaken))
    return sets, [meanings[text] for text in sorted(used) if meanings[text].id is None]


def notes_on_sets(sets: Iterable[GeneSet]) -> list[str]:
    """Sentences on how the files of some sets were read, where they have no descriptions or may have none."""
    notes = []
    files: dict[str, list[GeneSet]] = {}
    for one in sets:
        files.setdefault(one.collection, []).append(one)
    for collection, of_file in files.items():
        mistaken = [one for one in of_file if one.description_is_gene]
        if not of_file[0].has_description:
            notes.append(
                f"{collection} has no descriptions: the second field of its lines is a gene, and was read as a member."
            )
        elif mistaken:
            shown = ", ".join(f"{one.name[:40]} ({one.description})" for one in mistaken[:3])
            notes.append(
                f"{collection}: the description of {len(mistaken):,} of {len(of_file):,} sets is a gene, which does "
                f"not count as a member: {shown}."
            )
    return notes


@dataclass(frozen=True)
class _Line:
    """A line of a GMT file: its number, the name of the set, and the fields after it, of which some may be empty."""

    number: int
    name: str
    fields: list[str]


#: So many second fields are genes, in a file without descriptions, as other fields are; some genes are unknown.
_SHARE_OF_GENES = 0.8
#: Enrichr writes a weight after each gene.
_WEIGHT = re.compile(r",[-+]?\d+(?:\.\d+)?$")


def _gene(field: str) -> str:
    """The gene in a field of a line."""
    return _WEIGHT.sub("", field)


def _is_gene(field: str, meanings: Mapping[str, Resolved]) -> bool:
    return bool(field) and meanings[_gene(field)].outcome in {Outcome.MATCHED, Outcome.CONVERTED, Outcome.AMBIGUOUS}


def _has_descriptions(lines: Sequence[_Line], meanings: Mapping[str, Resolved]) -> bool:
    """Whether the second field of the lines of a file describes the set."""
    seconds = [line for line in lines if not _describes(line)]
    if len(seconds) < len(lines):
        return True
    others = [field for line in lines for field in line.fields[1:] if field]
    share = sum(_is_gene(line.fields[0], meanings) for line in seconds) / len(seconds)
    of_others = sum(_is_gene(field, meanings) for field in others) / len(others) if others else 1.0
    return share < _SHARE_OF_GENES * of_others or share <= 0.5


def _describes(line: _Line) -> bool:
    """Whether a second field cannot be a gene: it is empty, has blanks or an address, or stands in the set's name."""
    second = line.fields[0]
    words = re.split(r"[\W_]+", line.name.casefold())
    return is_missing(second) or " " in second or "://" in second or second.casefold() in words


def _lines(text: str, called: str) -> Iterator[_Line]:
    names: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if len(line) > _LONGEST_LINE:
            raise QuestionError(f"{called}, line {number}: {len(line):,} letters are no gene set.", _A_LINE)
        name, *fields = (cleaned(cell) for cell in line.split("\t"))
        if not name or not any(fields):
            raise _no_gene_set(called, number, f"the set {name[:80]!r} has no genes" if name else "no name")
        if name in names:
            raise QuestionError(
                f"{called}, line {number}: the set {name[:80]!r} stands in line {names[name]} already.",
                "Give each set a name of its own.",
            )
        names[name] = number
        yield _Line(number, name, fields)
    if not names:
        raise QuestionError(f"{called} holds no gene sets.", _A_LINE)


def _no_gene_set(called: str, number: int, what: str) -> QuestionError:
    return QuestionError(f"{called}, line {number}: no gene set ({what}).", _A_LINE)


_A_LINE = "A line has a name, a description and genes, with tabs between."


def _text(content: bytes, called: str) -> str:
    if b"\0" in content[:100_000]:
        raise QuestionError(f"{called} is no UTF-8 text.", "Save it as text (UTF-8): not as a spreadsheet, not packed.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise QuestionError(f"{called}, line {line}: no UTF-8 text.", "Save it as UTF-8.") from None
