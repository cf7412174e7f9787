"""Generated questions about generated graphs, to both engines in one run."""

from __future__ import annotations

from benchmarks.harness import Figure
from benchmarks.neo4j._answers import Comparison, compare
from benchmarks.neo4j._generator import graph, question
from benchmarks.neo4j._server import sessions, started
from benchmarks.neo4j.corpus import make_graph
from tests.warehouse.cypher.conformance import scenario_engine

_QUESTIONS_A_GRAPH = 50


def run(small: bool) -> list[Figure]:
    """Fifty questions about each of fifty graphs; a seed gives the same ones every time."""
    found = Comparison()
    with started() as server, sessions(server) as (reading, writing):
        for seed in range(4 if small else 50):
            made = graph(seed)
            entry = {"nodes": made.nodes, "relationships": made.relationships}
            engine, numbers = scenario_engine(entry)
            both = (numbers, make_graph(writing, entry))
            for index in range(_QUESTIONS_A_GRAPH):
                text, ordered = question(seed * _QUESTIONS_A_GRAPH + index)
                compare(found, engine, reading, text, {}, ordered=ordered, numbers=both)
            engine.close()
    figures = found.figures("generated")
    return [Figure("generated_graphs", seed + 1, ""), *figures]
