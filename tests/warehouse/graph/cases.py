"""What every store of the graph must do, whatever engine is behind it: one suite, written against `GraphStore`.

A store's test gives a factory (see `test_stores.py`); the cases are the methods of `GraphStoreCases`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import SmallBuild, stated
from warehouse.answer import Limits
from warehouse.errors import QuestionError, QuestionTimeoutError
from warehouse.graph.store import GraphStore
from warehouse.home import Build

MakeStore = Callable[[Build], GraphStore]
LIMITS = Limits()


def make_build(folder: Path, pathways: tuple[tuple[str, str], ...]) -> Build:
    """A build with two genes, a protein, and the pathways of the arguments (accession and name)."""
    folder.mkdir()
    small = SmallBuild(folder)
    small.say(
        "hgnc",
        stated(
            "Gene",
            {"id": "hgnc:7029", "symbol": "MET", "aliases": ["HGFR", "c-Met"]},
            {"id": "hgnc:10899", "symbol": "SKP1", "aliases": None},
        ),
        stated("Protein", id="uniprot:P08581", name="receptor"),
        stated("ENCODES", subject="hgnc:7029", object="uniprot:P08581", evidence="asserted", pubmed_ids=["1", "2"]),
        rank=1,
    )
    ids = [f"reactome:{accession}" for accession, _name in pathways]
    small.say(
        "reactome",
        stated("Pathway", *({"id": one, "name": name} for one, (_a, name) in zip(ids, pathways, strict=True))),
        stated("PARTICIPATES_IN", *({"subject": "hgnc:7029", "object": one, "evidence": "asserted"} for one in ids)),
    )
    content_hash = small.finish().content_hash
    return small.close(f'{{"content_hash": "{content_hash}", "sources": [], "counts": {{}}}}')


OLD = (("R-HSA-1", "Signaling"), ("R-HSA-2", "Death"))
NEW = (("R-HSA-1", "Signaling by MET"), ("R-HSA-3", "Life"))


class GraphStoreCases:
    """The cases; the fixtures `make_store`, `old` and `new` stand in `test_stores.py`."""

    def ask(self, store: GraphStore, text: str, **parameters: object) -> list[tuple[object, ...]]:
        """The rows of an answer."""
        return store.query(text, parameters, LIMITS).rows()

    def test_nodes_relationships_and_properties(self, make_store: MakeStore, old: Build) -> None:
        store = make_store(old)
        assert self.ask(store, "MATCH (g:Gene {symbol: $symbol}) RETURN g.id, g.aliases", symbol="MET") == [
            ("hgnc:7029", ["HGFR", "c-Met"])
        ]
        text = "MATCH (g:Gene)-[r:ENCODES]->(p:Protein) RETURN g.symbol, type(r), r.pubmed_ids, r.sources, p.name"
        assert self.ask(store, text) == [("MET", "ENCODES", ["1", "2"], ["hgnc"], "receptor")]
        assert self.ask(store, "MATCH (n) RETURN labels(n)[0] AS label, count(*) AS n ORDER BY label") == [
            ("Gene", 2),
            ("Pathway", 2),
            ("Protein", 1),
            ("Release", 2),
            ("Source", 2),
        ]

    def test_paths_and_optional_matches(self, make_store: MakeStore, old: Build) -> None:
        store = make_store(old)
        text = "MATCH (p:Protein)<-[:ENCODES]-(:Gene)-[:PARTICIPATES_IN]->(w:Pathway) RETURN w.name ORDER BY w.name"
        assert self.ask(store, text) == [("Death",), ("Signaling",)]
        text = "MATCH (g:Gene) OPTIONAL MATCH (g)-[:ENCODES]->(p) RETURN g.symbol, p.id ORDER BY g.symbol"
        assert self.ask(store, text) == [("MET", "uniprot:P08581"), ("SKP1", None)]

    def test_parameters_are_bound(self, make_store: MakeStore, old: Build) -> None:
        store = make_store(old)
        evil = "' OR 1=1 //"
        assert self.ask(store, "MATCH (g:Gene {symbol: $s}) RETURN g.id", s=evil) == []
        assert self.ask(store, "RETURN $s AS s, $l AS l, $n AS n", s=evil, l=["a"], n=None) == [(evil, ["a"], None)]

    @pytest.mark.parametrize(
        "text",
        [
            "CREATE (g:Gene {id: 'x'})",
            "MATCH (g:Gene) SET g.symbol = 'x'",
            "MATCH (g:Gene) DETACH DELETE g",
            "MERGE (g:Gene {id: 'x'}) RETURN g",
            "MATCH (g:Gene) REMOVE g.symbol",
            "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
            "CALL { CREATE (x:Gene) } RETURN 1",
            "DROP INDEX x",
            "MATCH (g:Gene",
            "RETURN $missing",
            "",
        ],
    )
    def test_writes_and_wrong_texts_are_refused(self, make_store: MakeStore, old: Build, text: str) -> None:
        store = make_store(old)
        before = store.fingerprint()
        with pytest.raises(QuestionError):
            store.query(text, {}, LIMITS)
        assert store.fingerprint() == before
        assert self.ask(store, "MATCH (g:Gene) RETURN count(g)") == [(2,)]

    def test_unknown_names_are_warned_of(self, make_store: MakeStore, old: Build) -> None:
        answer = make_store(old).query("MATCH (g:Gnee) RETURN g.id", {}, LIMITS)
        assert len(answer) == 0
        assert any("Gnee" in warning for warning in answer.warnings)

    def test_limits_of_rows_and_time(self, make_store: MakeStore, old: Build) -> None:
        store = make_store(old)
        answer = store.query("UNWIND range(1, 10) AS n RETURN n", {}, Limits(rows=4))
        assert (answer.rows(), answer.truncated) == ([(1,), (2,), (3,), (4,)], True)
        answer = store.query("UNWIND range(1, 4) AS n RETURN n", {}, Limits(rows=4))
        assert (len(answer), answer.truncated) == (4, False)
        slow = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b % 7)"
        with pytest.raises(QuestionTimeoutError):
            store.query(slow, {}, Limits(timeout_s=0.3))
        assert self.ask(store, "RETURN 1 AS n") == [(1,)]

    def test_several_threads_ask_at_once(self, make_store: MakeStore, old: Build) -> None:
        store = make_store(old)
        told: list[object] = []

        def ask(number: int) -> None:
            told.extend(self.ask(store, "MATCH (g:Gene) RETURN count(g) + $n", n=number)[0][0] for _ in range(5))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told) == sorted(number + 2 for number in range(4) for _ in range(5))  # type: ignore[type-var]

    def test_fingerprints_tell_content(self, make_store: MakeStore, old: Build, new: Build) -> None:
        first, second = make_store(old).fingerprint(), make_store(new).fingerprint()
        assert {name: count for name, (count, _hash) in first.items()} == {
            "ENCODES": 1,
            "Gene": 2,
            "HAS_RELEASE": 2,
            "PARTICIPATES_IN": 2,
            "Pathway": 2,
            "Protein": 1,
            "Release": 2,
            "Source": 2,
        }
        assert {name for name in first if first[name] != second[name]} == {"Pathway", "PARTICIPATES_IN"}

    def test_publishing_shows_the_new_build(self, make_store: MakeStore, old: Build, new: Build) -> None:
        store = make_store(old)
        store.publish(new)
        assert self.ask(store, "MATCH (w:Pathway) RETURN w.name ORDER BY w.name") == [("Life",), ("Signaling by MET",)]
        assert store.fingerprint() == make_store(new).fingerprint()

    def test_publishing_changes_equals_publishing(self, make_store: MakeStore, old: Build, new: Build) -> None:
        store = make_store(old)
        store.publish_changes(old, new)
        assert store.fingerprint() == make_store(new).fingerprint()
        assert self.ask(store, "MATCH (:Gene)-[:PARTICIPATES_IN]->(w) RETURN w.id ORDER BY w.id") == [
            ("reactome:R-HSA-1",),
            ("reactome:R-HSA-3",),
        ]
        store.publish_changes(new, old)
        assert store.fingerprint() == make_store(old).fingerprint()

    def test_a_run_comes_and_goes(self, make_store: MakeStore, with_run: Build) -> None:
        """The predictions of a run are a difference like any other; when it is retracted nothing of it is left."""
        alone = replace(with_run, runs=())
        store = make_store(alone)
        before = store.fingerprint()
        store.publish_changes(alone, with_run)
        assert self.ask(
            store,
            """MATCH (r:AnalysisRun)-[:PRODUCED]->(:Subnetwork)-[:HAS_MEMBER]->(g:Gene)-[p:REGULATES]->(h:Gene)
            RETURN r.seed, g.symbol, p.score, p.evidence, h.symbol""",
        ) == [(7, "BBB", 0.5, "predicted", "AAA")]
        during = store.fingerprint()
        assert {name: during[name] for name in before} == before
        assert during == make_store(with_run).fingerprint()
        store.publish_changes(with_run, alone)
        assert store.fingerprint() == before
        assert self.ask(store, "MATCH ()-[p]->() WHERE p.evidence = 'predicted' RETURN count(p)") == [(0,)]

    def test_closing_twice_is_no_error(self, make_store: MakeStore, old: Build) -> None:
        store, other = make_store(old), make_store(old)
        store.close()
        store.close()
        assert self.ask(other, "RETURN 1") == [(1,)], "what another holds is not closed with it"
