"""Which gene sets hold more of a list's genes than chance would put there.

The test is the upper tail of the hypergeometric distribution (Fisher's exact test, one side): of the N genes of the
background K are in the set, of the n genes of the list k are. Every set with a gene of the background is tested and
counts in the correction for many tests, also those that no gene of the list is in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import duckdb
import numpy as np
from numpy.typing import NDArray

from analytics.common.counts import benjamini_hochberg, bonferroni, holm, hypergeometric_tail, wilson_interval
from warehouse.analyst.gene_sets import Collection, GeneSet
from warehouse.errors import QuestionError

if TYPE_CHECKING:
    import polars as pl

Integers = NDArray[np.int64]

#: Up to so many ids are looked up one by one.
_FEW = 1_000

#: The background that is every gene which some set of the chosen collections holds.
ANNOTATED: Literal["annotated"] = "annotated"

#: The columns of a result, with what they say.
COLUMNS = {
    "collection": "Relationship type and type of the set, or the name of the user's file",
    "set_id": "The id of the set",
    "set_name": "Its name",
    "hits": "Genes of the list in the set (k)",
    "list_size": "Genes of the list in the background (n)",
    "set_size": "Genes of the background in the set (K)",
    "background_size": "Genes of the background (N)",
    "fold_enrichment": "(k / n) / (K / N)",
    "fold_low": "Lower end of its 95 % interval (Wilson's for k / n)",
    "fold_high": "Upper end",
    "p_value": "Chance of k or more",
    "fdr": "Adjusted after Benjamini and Hochberg",
    "holm": "Adjusted after Holm",
    "bonferroni": "Times the number of tested sets",
    "genes": "Symbols of the genes of the list in the set",
}


@dataclass(frozen=True)
class Enrichment:
    """The answer: one row for each tested set with a hit, the least p first.

    Args:
        table: the columns of `COLUMNS`.
        tested: how many sets were tested.
        outside: ids of the list that are not in the background and did not count.
        background_size: genes of the background.
    """

    table: pl.DataFrame
    tested: int
    outside: tuple[str, ...]
    background_size: int


@dataclass(frozen=True)
class _Sets:
    """The sets of one collection that hold a gene of the background.

    Args:
        collection: its name.
        names: id and name of each set.
        size: genes of the background in each.
        hits: genes of the list in each.
        genes: symbols of the genes of the list in each.
    """

    collection: str
    names: Callable[[Integers], list[tuple[str, str | None]]]
    size: Integers
    hits: Integers
    genes: Callable[[Integers], pl.Series]


def enrich(
    connection: duckdb.DuckDBPyConnection,
    genes: Sequence[str],
    background: Sequence[str] | Literal["annotated"],
    collections: Sequence[Collection] = (),
    own_sets: Sequence[GeneSet] = (),
    *,
    smallest_set: int = 1,
    largest_set: int | None = None,
) -> Enrichment:
    """Test a list against gene sets.

    Args:
        connection: a build.
        genes: canonical gene ids of the list.
        background: canonical ids of the genes that could have been in the list (those that were measured), or
            `ANNOTATED`: all genes in any chosen set. There is no default, since the answer hangs on it.
        collections: sets of the graph.
        own_sets: sets of a user.
        smallest_set: sets with fewer genes of the background are not tested.
        largest_set: sets with more are not tested.

    Raises:
        QuestionError: no set is chosen, predicted sets are mixed with others, or nothing of the list is in the
            background.
    """
    _verify(collections, own_sets)
    links = [(one, *one.links(connection)) for one in collections]
    known = _Genes(connection)
    own = known.nodes_of_each([one.genes for one in own_sets])
    linked = [*(genes for _one, genes, _sets in links), *own]
    within = known.marked(np.concatenate(linked) if background == ANNOTATED else known.nodes(background))
    population = int(within.sum())
    asked = known.nodes(genes)
    mine = asked[known.are(within, asked)]
    if not mine.size:
        raise QuestionError(
            "No gene of the list is in the background.", "The list must be a part of what could have been found."
        )
    question = _Question(connection, known, within, known.marked(mine))
    counted = [_count(question, *one) for one in links]
    for name in sorted({one.collection for one in own_sets}):
        places = [place for place, one in enumerate(own_sets) if one.collection == name]
        counted.append(_count_own(question, [own_sets[i] for i in places], [own[i] for i in places]))
    outside = tuple(sorted(set(genes) - set(known.ids(mine))))
    sizes = range(max(1, smallest_set), (largest_set or population) + 1)
    return _test(counted, mine.size, population, sizes, outside)


def _verify(collections: Sequence[Collection], own_sets: Sequence[GeneSet]) -> None:
    if not collections and not own_sets:
        raise QuestionError("No gene sets are chosen.", "Name a collection, or give a GMT file.")
    predicted = [one.name for one in collections if one.predicted]
    if predicted and (own_sets or len(predicted) < len(collections)):
        # They would share a background and a correction: a prediction must not change what is said of stated sets.
        raise QuestionError(
            f"{', '.join(predicted)} is predicted by runs of analyses, the other sets are not.",
            "Test predicted sets in a question of their own.",
        )


class _Genes:
    """The genes of a build as internal ids, which are dense: a mark for each is an array."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        first, last = connection.execute("SELECT min(_nid), max(_nid) FROM graph.gene").fetchall()[0]
        self._first, self._slots = first or 0, (last or 0) - (first or 0) + 1

    def nodes(self, ids: Sequence[str]) -> Integers:
        """The internal ids of genes, sorted, each once; what is no gene of the build is left out."""
        return np.array(sorted(self._nodes_by_id(set(ids)).values()), np.int64)

    def nodes_of_each(self, sets: Sequence[Sequence[str]]) -> list[Integers]:
        """The internal ids of the genes of many sets, each sorted: one question for all of them."""
        wanted = set[str]().union(*sets)
        if not wanted:
            return [np.empty(0, np.int64) for _genes in sets]
        found = self._nodes_by_id(wanted)
        return [np.unique(np.fromiter((found[gene] for gene in genes if gene in found), np.int64)) for genes in sets]

    def _nodes_by_id(self, ids: Set[str]) -> dict[str, int]:
        """The internal id of each gene of the build among these; a long list is cheaper to pick from all genes."""
        if len(ids) <= _FEW:
            rows = self._connection.execute(
                "SELECT id, _nid FROM graph.gene WHERE id IN (SELECT unnest($ids))", {"ids": sorted(ids)}
            ).fetchall()
            return dict(rows)
        every = self._connection.execute("SELECT id, _nid FROM graph.gene").fetchnumpy()
        known = zip(every["id"].tolist(), every["_nid"].tolist(), strict=True)
        return {id_: node for id_, node in known if id_ in ids}

    def marked(self, nodes: Integers) -> NDArray[np.bool_]:
        """Whether each slot is one of these."""
        marks = np.zeros(self._slots, np.bool_)
        marks[nodes - self._first] = True
        return marks

    def are(self, marks: NDArray[np.bool_], nodes: Integers) -> NDArray[np.bool_]:
        """Whether each of these genes is marked."""
        return marks[nodes - self._first]

    def ids(self, nodes: Integers) -> list[str]:
        """The canonical ids of genes, sorted."""
        return [id_ for _node, id_, _symbol in self._named(nodes)]

    def symbols(self, nodes: Integers) -> dict[int, str]:
        """The symbols of genes, or their ids, by internal id."""
        return {node: symbol for node, _id, symbol in self._named(nodes)}

    def _named(self, nodes: Integers) -> list[tuple[int, str, str]]:
        return self._connection.execute(
            "SELECT _nid, id, coalesce(symbol, id) FROM graph.gene WHERE _nid IN (SELECT unnest($nodes)) ORDER BY id",
            {"nodes": np.unique(nodes).tolist()},
        ).fetchall()


@dataclass(frozen=True)
class _Question:
    """The genes of the background and of the list, as marks."""

    connection: duckdb.DuckDBPyConnection
    known: _Genes
    within: NDArray[np.bool_]
    listed: NDArray[np.bool_]


def _count(question: _Question, one: Collection, genes: Integers, sets: Integers) -> _Sets:
    """Sizes and hits of the sets of a collection of the graph."""
    known = question.known
    inside = known.are(question.within, genes)
    genes, position = genes[inside], sets[inside]
    # The internal ids of a type are dense: a set that no gene of the background is in has a size of 0 and no test.
    first = int(position.min()) if position.size else 0
    position = position - first
    hit = known.are(question.listed, genes)

    def names(chosen: Integers) -> list[tuple[str, str | None]]:
        rows = question.connection.execute(
            f"SELECT _nid, id, name FROM graph.{one.set_table} WHERE _nid IN (SELECT unnest($nodes))",
            {"nodes": (chosen + first).tolist()},
        ).fetchall()
        named = {node: (id_, name) for node, id_, name in rows}
        return [named[node] for node in (chosen + first).tolist()]

    return _Sets(
        one.name,
        names,
        np.bincount(position),
        np.bincount(position[hit], minlength=int(position.max(initial=-1)) + 1),
        lambda chosen: _symbols(known, position[hit], genes[hit], chosen),
    )


def _count_own(question: _Question, own_sets: Sequence[GeneSet], nodes: Sequence[Integers]) -> _Sets:
    """Sizes and hits of a user's sets."""
    position = np.repeat(np.arange(len(nodes)), [genes.size for genes in nodes])
    genes = np.concatenate([np.empty(0, np.int64), *nodes])
    known = question.known
    inside = known.are(question.within, genes)
    hit = inside & known.are(question.listed, genes)
    return _Sets(
        own_sets[0].collection,
        lambda chosen: [(own_sets[i].name, own_sets[i].description or None) for i in chosen.tolist()],
        np.bincount(position[inside], minlength=len(nodes)),
        np.bincount(position[hit], minlength=len(nodes)),
        lambda chosen: _symbols(known, position[hit], genes[hit], chosen),
    )


def _symbols(known: _Genes, position: Integers, genes: Integers, chosen: Integers) -> pl.Series:
    """The symbols of the hits of each chosen set (ascending), sorted."""
    import polars as pl

    symbols = known.symbols(genes)
    hits = pl.DataFrame(
        {"set": position, "symbol": [symbols[gene] for gene in genes.tolist()]},
        schema={"set": pl.Int64, "symbol": pl.String},
    )
    listed = hits.sort("set", "symbol").group_by("set", maintain_order=True).agg("symbol")
    return pl.DataFrame({"set": chosen}).join(listed, on="set", how="left", maintain_order="left")["symbol"]


def _test(counted: Sequence[_Sets], drawn: int, population: int, sizes: range, outside: tuple[str, ...]) -> Enrichment:
    """p-values of every tested set, corrections over all of them, and the rows of those with a hit."""
    import polars as pl

    tested = [np.flatnonzero((one.size >= sizes.start) & (one.size < sizes.stop)) for one in counted]
    hits = np.concatenate([one.hits[chosen] for one, chosen in zip(counted, tested, strict=True)])
    size = np.concatenate([one.size[chosen] for one, chosen in zip(counted, tested, strict=True)])
    p = hypergeometric_tail(hits, drawn, size, population)
    adjusted = {name: correct(p) for name, correct in _CORRECTIONS.items()}
    with_hit = hits > 0
    shown = [chosen[one.hits[chosen] > 0] for one, chosen in zip(counted, tested, strict=True)]
    names = [name for one, chosen in zip(counted, shown, strict=True) for name in one.names(chosen)]
    k, expected = hits[with_hit], size[with_hit] / population
    low, high = wilson_interval(k, drawn)
    frame = pl.DataFrame(
        {
            "collection": [one.collection for one, chosen in zip(counted, shown, strict=True) for _ in chosen],
            "set_id": [id_ for id_, _name in names],
            "set_name": [name for _id, name in names],
            "hits": k,
            "list_size": np.full(k.shape, drawn),
            "set_size": size[with_hit],
            "background_size": np.full(k.shape, population),
            "fold_enrichment": k / drawn / expected,
            "fold_low": low / expected,
            "fold_high": high / expected,
            "p_value": p[with_hit],
            **{name: values[with_hit] for name, values in adjusted.items()},
            "genes": pl.concat([one.genes(chosen) for one, chosen in zip(counted, shown, strict=True)]),
        },
        schema_overrides={"set_id": pl.String, "set_name": pl.String},
    )
    return Enrichment(frame.sort("p_value", "collection", "set_id"), hits.size, outside, population)


_CORRECTIONS = {
    "fdr": benjamini_hochberg,
    "holm": holm,
    "bonferroni": bonferroni,
}
