"""What links two entities: their paths by type, the number that chance would give, and the paths themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from analytics.common.counts import benjamini_hochberg
from analytics.interactive.paths.counting import LONGEST, count_paths
from analytics.interactive.paths.network import Integers, Network
from analytics.interactive.paths.null_model import NullModel, tail
from warehouse.errors import QuestionError

if TYPE_CHECKING:
    import polars as pl

#: The columns of the table of types, with what they say.
COLUMNS = {
    "source_id": "The first entity",
    "target_id": "The last entity",
    "path_type": "Types of entities and relationships along the path",
    "length": "Relationships in the path",
    "paths": "How many there are; no entity is passed twice",
    "expected": "How many the null model expects",
    "fold": "paths / expected",
    "p_value": "Chance of so many or more",
    "fdr": "Adjusted, after Benjamini and Hochberg, for every type of path that could link the two",
}
_SHOWN_STEPS = 200_000


@dataclass(frozen=True)
class Ends:
    """Two entities by canonical id."""

    source_id: str
    target_id: str


@dataclass(frozen=True)
class Examples:
    """Paths of one type between two entities.

    Args:
        paths: the names of the entities along each, those through rarely linked entities first.
        total: how many paths there are.
        complete: whether all were followed; else `total` is a lower bound.
    """

    paths: list[list[str]]
    total: int
    complete: bool = True


class Connections:
    """Answers what links two entities, over one build.

    The graph is read into arrays once: about 2 s and 150 MB for a million relationships.

    Args:
        connection: the build.
        relationships: the relationship types to walk; None = all that say something of biology.

    Raises:
        QuestionError: there is no such relationship type.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, relationships: Collection[str] | None = None) -> None:
        self.network = Network.load(connection, relationships)
        self._null = NullModel(self.network)

    def types(self, connection: duckdb.DuckDBPyConnection, pairs: Iterable[Ends], longest: int = 3) -> pl.DataFrame:
        """The types of paths between pairs of entities.

        Args:
            connection: the build.
            pairs: the ends.
            longest: relationships that a path may have, one to four.

        Returns:
            The columns of `COLUMNS`: pairs in the given order, for each the types by p-value; none where no path is.

        Raises:
            QuestionError: two ends are one entity, or none of the build.
            QuestionMemoryError: the paths open too many steps.
        """
        import polars as pl

        if not 1 <= longest <= LONGEST:
            raise QuestionError(f"A path has 1 to {LONGEST} relationships, not {longest}.")
        given = list(pairs)
        numbers = self._numbers(connection, {end for pair in given for end in (pair.source_id, pair.target_id)})
        frames = [self._types(pair, numbers, longest) for pair in given]
        return pl.concat(frames) if frames else self._frame(Ends("", ""), [], np.empty((4, 0)), 0)

    def examples(
        self, connection: duckdb.DuckDBPyConnection, ends: Ends, path_type: str, limit: int | None = None
    ) -> Examples:
        """The entities along paths of one type, those through rarely linked entities first; None = all paths.

        Raises:
            QuestionError: two ends are one entity or none of the build, or there is no such type of path.
        """
        numbers = self._numbers(connection, {ends.source_id, ends.target_id})
        source, target = numbers[ends.source_id], numbers[ends.target_id]
        codes = self.network.codes_of(path_type)
        if not 1 <= len(codes) <= LONGEST:
            raise QuestionError(f"There is no type of path {path_type!r}.", "Take one of the table of types.")
        if source is None or target is None:
            return Examples([], 0)
        found, complete = self._walk(source, target, codes)
        weight = np.log1p(self.network.graph.degrees[found[:, 1:-1]]).sum(axis=1)
        chosen = found[np.lexsort((*found.T[::-1], weight))][:limit]
        names = self._names(connection, np.unique(chosen))
        return Examples([[names[node] for node in path] for path in chosen.tolist()], len(found), complete)

    def _types(self, pair: Ends, numbers: dict[str, int | None], longest: int) -> pl.DataFrame:
        source, target = numbers[pair.source_id], numbers[pair.target_id]
        if pair.source_id == pair.target_id:
            raise QuestionError(f"{pair.source_id} is both ends.", "Give two entities.")
        texts: list[str] = []
        columns: list[np.ndarray] = []
        possible = 0
        for length in range(1, longest + 1) if source is not None and target is not None else ():
            counted = count_paths(self.network, source, target, length)  # type: ignore[arg-type]
            expected = self._null.expect(source, target, counted.types)  # type: ignore[arg-type]
            p = tail(counted.counts.astype(float), expected.mean, expected.variance)
            texts.extend(self.network.text(codes) for codes in counted.types.tolist())
            columns.append(np.stack([np.full(p.shape, length), counted.counts, expected.mean, p]))
            possible += max(expected.possible, len(counted.counts))
        return self._frame(pair, texts, np.concatenate([np.empty((4, 0)), *columns], axis=1), possible)

    @staticmethod
    def _frame(pair: Ends, texts: Sequence[str], columns: np.ndarray, possible: int) -> pl.DataFrame:
        import polars as pl

        length, counts, expected, p = columns
        # Types without a path have a p-value of one; they count in the correction.
        adjusted = benjamini_hochberg(np.concatenate([p, np.ones(max(possible - p.size, 0))]))[: p.size]
        frame = pl.DataFrame(
            {
                "source_id": pl.Series([pair.source_id] * p.size, dtype=pl.String),
                "target_id": pl.Series([pair.target_id] * p.size, dtype=pl.String),
                "path_type": pl.Series(texts, dtype=pl.String),
                "length": length.astype(np.int64),
                "paths": counts.astype(np.int64),
                "expected": expected,
                "fold": np.divide(counts, expected, out=np.full(p.size, np.inf), where=expected > 0),
                "p_value": p,
                "fdr": adjusted,
            }
        )
        return frame.sort("p_value", "length", "path_type")

    def _walk(self, source: int, target: int, codes: Sequence[int]) -> tuple[Integers, bool]:
        """The nodes of paths of one type, at most `_SHOWN_STEPS` of them at a time, and whether those are all."""
        network = self.network
        paths: Integers = np.array([[source]], np.int64)
        complete = True
        for place, code in enumerate(codes):
            places, rows = network.graph.expand(paths[:, -1])
            nodes = network.graph.neighbours[places].astype(np.int64)
            wanted = nodes == target if place == len(codes) - 1 else nodes != target
            kept = (network.codes[places] == code) & wanted & ~(paths[rows] == nodes[:, None]).any(axis=1)
            paths = np.column_stack([paths[rows[kept]], nodes[kept]])
            if len(paths) > _SHOWN_STEPS:
                rare = network.graph.degrees[paths[:, 1:]].sum(axis=1)
                paths = paths[np.argsort(rare, kind="stable")[:_SHOWN_STEPS]]
                complete = False
        return paths, complete

    def _numbers(self, connection: duckdb.DuckDBPyConnection, ids: set[str]) -> dict[str, int | None]:
        """The numbers of entities; None for one that no step of the network touches."""
        rows = connection.execute(
            "SELECT id, type FROM main.entities WHERE id IN (SELECT unnest($ids))", {"ids": sorted(ids)}
        ).fetchall()
        lost = sorted(ids - {row[0] for row in rows})
        if lost:
            raise QuestionError(f"{lost[0]} is no entity of this build.", "`targetgraph search TEXT` finds entities.")
        return {id_: self.network.number(node) for id_, node in _nodes(connection, rows).items()}

    def _names(self, connection: duckdb.DuckDBPyConnection, numbers: Integers) -> dict[int, str]:
        """What nodes are called: a gene by its symbol."""
        from warehouse.model import MODEL
        from warehouse.tables.schema import ORDINAL_SHIFT, ordinals

        nodes = self.network.nodes[numbers]
        tables = {number: table for table, number in ordinals(MODEL).items()}
        names: dict[int, str] = {}
        for ordinal in np.unique(nodes >> ORDINAL_SHIFT).tolist():
            table = tables[ordinal]
            shown = "coalesce(symbol, name, id)" if table == "gene" else "coalesce(name, id)"
            names |= connection.execute(
                f"SELECT _nid, {shown} FROM graph.{table} WHERE _nid IN (SELECT unnest($nodes))",
                {"nodes": nodes[nodes >> ORDINAL_SHIFT == ordinal].tolist()},
            ).fetchall()
        return {number: names[node] for number, node in zip(numbers.tolist(), nodes.tolist(), strict=True)}


def _nodes(connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[str, str]]) -> dict[str, int]:
    from warehouse.model import MODEL

    nodes: dict[str, int] = {}
    for label in sorted({label for _id, label in rows}):
        ids = [id_ for id_, of_label in rows if of_label == label]
        nodes |= connection.execute(
            f"SELECT id, _nid FROM graph.{MODEL.entities[label].table} WHERE id IN (SELECT unnest($ids))",
            {"ids": ids},
        ).fetchall()
    return nodes
