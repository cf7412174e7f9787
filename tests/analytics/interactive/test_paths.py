"""Paths: their number against a plain search, the null model against shuffled graphs, and what people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from tests.conftest import SmallBuild, stated
from warehouse.errors import QuestionError

pytest.importorskip("scipy", reason="the extra `analytics` is not installed")

from analytics.common.graph import CompressedGraph
from analytics.interactive.paths import paths as paths_module
from analytics.interactive.paths.counting import count_paths
from analytics.interactive.paths.network import Network, Step
from analytics.interactive.paths.null_model import NullModel, tail
from analytics.interactive.paths.paths import COLUMNS, Connections, Ends, Examples

GENES, DRUGS = 30, 12
Edges = list[tuple[int, int, int]]
#: Kind of relationship → whether it has a direction.
KINDS = {0: False, 1: True, 2: True}
STEPS = (
    Step("MEETS", "-", "Gene", "Gene"),
    Step("MOVES", ">", "Gene", "Gene"),
    Step("MOVES", "<", "Gene", "Gene"),
    Step("TARGETS", ">", "Drug", "Gene"),
    Step("TARGETS", "<", "Gene", "Drug"),
)


def random_edges(rng: np.random.Generator) -> Edges:
    """A graph of genes 0 to 29 and drugs 30 to 41, with a few hubs."""
    weight = rng.pareto(1.5, GENES) + 0.2
    chance = weight / weight.sum()
    pairs = {(0, *sorted(rng.choice(GENES, 2, False, chance).tolist())) for _ in range(70)}
    pairs |= {(1, *rng.choice(GENES, 2, False, chance).tolist()) for _ in range(60)}
    pairs |= {(2, int(rng.integers(GENES, GENES + DRUGS)), int(rng.choice(GENES, p=chance))) for _ in range(50)}
    return sorted(pairs)


def network(edges: Edges) -> Network:
    """The arrays of a graph, as `Network.load` makes them."""
    forward, backward = {0: 0, 1: 1, 2: 3}, {0: 0, 1: 2, 2: 4}
    rows = [(a, forward[kind], b) for kind, a, b in edges] + [(b, backward[kind], a) for kind, a, b in edges]
    near, codes, far = np.array(sorted(rows)).T
    starts = np.searchsorted(near, np.arange(GENES + DRUGS + 1))
    return Network(
        np.arange(GENES + DRUGS), CompressedGraph(starts, far.astype(np.int32)), codes.astype(np.int32), STEPS
    )


def searched(of: Network, source: int, target: int, length: int) -> Counter[tuple[int, ...]]:
    """Every path by a plain search."""
    found: Counter[tuple[int, ...]] = Counter()

    def walk(nodes: list[int], codes: tuple[int, ...]) -> None:
        if nodes[-1] == target or len(codes) == length:
            found[codes] += nodes[-1] == target and len(codes) == length
            return
        beside = of.graph.beside(nodes[-1])
        for node, code in zip(of.graph.neighbours[beside].tolist(), of.codes[beside].tolist(), strict=True):
            if node not in nodes:
                walk([*nodes, node], (*codes, code))

    walk([source], ())
    return +found


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_every_path_is_counted_once(length: int) -> None:
    rng = np.random.default_rng(length)
    for _ in range(6):
        of = network(random_edges(rng))
        source, target = rng.choice(GENES + DRUGS, 2, replace=False).tolist()
        counted = count_paths(of, source, target, length)
        ours = dict(zip(map(tuple, counted.types.tolist()), counted.counts.tolist(), strict=True))
        assert ours == dict(searched(of, source, target, length))


def shuffled(edges: Edges, rng: np.random.Generator) -> Edges:
    """Another graph in which every node keeps its number of steps of each kind."""
    now = set(edges)
    for _ in range(6 * len(edges)):
        kind, *_ = edges[rng.integers(len(edges))]
        same = sorted(one for one in now if one[0] == kind)
        (_, a, b), (_, c, d) = (same[i] for i in rng.choice(len(same), 2, replace=False))
        if not KINDS[kind] and rng.random() < 0.5:
            c, d = d, c
        new = {(kind, *sorted((a, d))), (kind, *sorted((c, b)))} if not KINDS[kind] else {(kind, a, d), (kind, c, b)}
        if a == d or c == b or new & now or len(new) < 2:
            continue
        now = now - {(kind, a, b), (kind, *((c, d) if (kind, c, d) in now else (d, c)))} | new
    return sorted(now)


def test_the_null_model_expects_what_shuffled_graphs_have() -> None:
    rng = np.random.default_rng(5)
    edges = random_edges(rng)
    of = network(edges)
    degree = of.graph.degrees
    source, target = (int(one) for one in np.argsort(degree)[-6:-4])
    types = {length: count_paths(of, source, target, length).types for length in (1, 2, 3)}
    counts: dict[int, list[list[int]]] = {length: [] for length in types}
    for _ in range(30):
        edges = shuffled(edges, rng)
        other = network(edges)
        assert (other.degrees == of.degrees).all()
        for length, asked in types.items():
            found = count_paths(other, source, target, length)
            known = dict(zip(map(tuple, found.types.tolist()), found.counts.tolist(), strict=True))
            counts[length].append([known.get(tuple(codes), 0) for codes in asked.tolist()])
    for length, asked in types.items():
        expected = NullModel(of).expect(source, target, asked)
        seen = np.mean(counts[length], axis=0)
        assert expected.mean.sum() == pytest.approx(seen.sum(), rel=0.35)
        p = tail(np.array(counts[length], float), expected.mean, expected.variance)
        assert (p <= 0.05).mean() <= 0.08


def test_the_tail_is_that_of_the_distribution() -> None:
    stats = pytest.importorskip("scipy.stats")
    count, mean, variance = (
        np.array([0.0, 3.0, 3.0, 40.0]),
        np.array([2.0, 2.0, 2.0, 9.0]),
        np.array([2.0, 2.0, 5.0, 50.0]),
    )
    size = mean**2 / (variance - mean + 1e-300)
    expected = [1, stats.poisson.sf(2, 2), *stats.nbinom.sf(count[2:] - 1, size[2:], (mean / variance)[2:])]
    assert tail(count, mean, variance) == pytest.approx(expected)


@pytest.fixture
def build(small: SmallBuild) -> SmallBuild:
    small.say("hgnc", stated("Gene", *({"id": f"hgnc:{n}", "symbol": f"G{n}"} for n in range(1, 6))))
    small.say("x", stated("Drug", id="drugbank:DB1", name="drug"), stated("Disease", id="doid:1", name="disease"))
    small.say("x", stated("Drug", id="drugbank:DB2", name="other"))
    small.say("x", stated("TARGETS", *(
        {"subject": "drugbank:DB1", "object": f"hgnc:{n}", "evidence": "asserted"} for n in (1, 2, 3))))  # fmt: skip
    small.say("x", stated("ASSOCIATES", *(
        {"subject": "doid:1", "object": f"hgnc:{n}", "evidence": "asserted"} for n in (2, 3, 4))))  # fmt: skip
    small.say("x", stated("INTERACTS_WITH", subject="hgnc:1", object="hgnc:4", evidence="asserted"))
    small.finish()
    return small


def test_what_people_read(build: SmallBuild) -> None:
    connections = Connections(build.writer.connection)
    ends = Ends("drugbank:DB1", "doid:1")
    table = connections.types(build.writer.connection, [ends], 3)
    assert table.columns == list(COLUMNS)
    assert sorted(table.select("path_type", "length", "paths").rows()) == [
        ("Drug-TARGETS->Gene-INTERACTS_WITH-Gene<-ASSOCIATES-Disease", 3, 1),
        ("Drug-TARGETS->Gene<-ASSOCIATES-Disease", 2, 2),
    ]
    paths = [["drug", "G2", "disease"], ["drug", "G3", "disease"]]
    through = "Drug-TARGETS->Gene<-ASSOCIATES-Disease"
    assert connections.examples(build.writer.connection, ends, through) == Examples(paths, 2)
    assert connections.examples(build.writer.connection, ends, through, 1) == Examples(paths[:1], 2)
    assert (table["fdr"] >= table["p_value"]).all()


def test_what_has_no_path_has_no_rows(build: SmallBuild) -> None:
    connections = Connections(build.writer.connection)
    assert len(connections.types(build.writer.connection, [Ends("drugbank:DB2", "doid:1")])) == 0
    assert len(connections.types(build.writer.connection, [])) == 0
    apart = Ends("drugbank:DB2", "doid:1")
    shown = connections.examples(build.writer.connection, apart, "Drug-TARGETS->Gene<-ASSOCIATES-Disease")
    assert shown == Examples([], 0)


def test_what_was_not_followed_is_said(build: SmallBuild, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths_module, "_SHOWN_STEPS", 1)
    connections = Connections(build.writer.connection)
    ends = Ends("drugbank:DB1", "doid:1")
    shown = connections.examples(build.writer.connection, ends, "Drug-TARGETS->Gene<-ASSOCIATES-Disease")
    assert not shown.complete


def test_a_pair_in_a_batch_answers_as_alone(build: SmallBuild) -> None:
    pairs = [Ends("drugbank:DB1", "doid:1"), Ends("hgnc:1", "doid:1"), Ends("doid:1", "drugbank:DB1")]
    together = Connections(build.writer.connection).types(build.writer.connection, pairs, 4)
    alone = [Connections(build.writer.connection).types(build.writer.connection, [pair], 4) for pair in pairs]
    assert together.rows() == [row for one in alone for row in one.rows()]


def test_only_the_chosen_types_are_walked(build: SmallBuild) -> None:
    connections = Connections(build.writer.connection, ["TARGETS", "ASSOCIATES"])
    assert connections.types(build.writer.connection, [Ends("drugbank:DB1", "doid:1")], 4)["length"].to_list()[0] == 2
    with pytest.raises(QuestionError, match="no relationship type 'HUH'"):
        Connections(build.writer.connection, ["HUH"])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda c, b: c.types(b, [Ends("hgnc:1", "hgnc:1")]), "both ends"),
        (lambda c, b: c.types(b, [Ends("hgnc:1", "hgnc:99")]), "hgnc:99 is no entity"),
        (lambda c, b: c.types(b, [Ends("hgnc:1", "hgnc:2")], 5), "1 to 4"),
        (lambda c, b: c.examples(b, Ends("hgnc:1", "hgnc:2"), "Gene-HUH->Gene"), "no type of path"),
        (lambda c, b: c.examples(b, Ends("hgnc:1", "hgnc:2"), "(;"), "no type of path"),
    ],
)
def test_wrong_questions_are_named(build: SmallBuild, ask: Callable[..., object], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        ask(Connections(build.writer.connection), build.writer.connection)
