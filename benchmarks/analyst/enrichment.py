"""Enrichment of 500 genes in the pathways, processes, functions and components of the real build: 10,000 sets."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, percentiles

_GENES, _SETS = 500, 10_000


def run(home: Path, small: bool) -> list[Figure]:
    """Another list of genes each time, with the background of all annotated genes and with one of measured genes."""
    from analytics.interactive.enrichment import ANNOTATED, enrich
    from warehouse.analyst.gene_sets import chosen
    from warehouse.warehouse import Warehouse

    sets = chosen(["PARTICIPATES_IN"])
    chooser = random.Random(3)
    with Warehouse.open(home) as warehouse, warehouse.reading() as connection:
        universe = [row[0] for row in connection.execute("SELECT DISTINCT subject FROM participates_in").fetchall()]
        genes = sorted(one for one in universe if one.startswith("hgnc:"))
        tested = enrich(connection, chooser.sample(genes, _GENES), ANNOTATED, sets).tested
        assert tested >= _SETS, f"only {tested} sets were tested"
        repeats = 5 if small else 60

        def work(background: Any) -> object:
            return enrich(connection, chooser.sample(genes, _GENES), background, sets)

        annotated, measured = (percentiles(partial(work, background), repeats) for background in (ANNOTATED, genes))
    return [
        Figure("enrichment_ms", round(max(annotated[1], measured[1]), 1), "ms", "<= 100"),
        Figure("enrichment_p50_ms.annotated", round(annotated[0], 1), "ms"),
        Figure("enrichment_p95_ms.annotated", round(annotated[1], 1), "ms"),
        Figure("enrichment_p50_ms.own_background", round(measured[0], 1), "ms"),
        Figure("enrichment_p95_ms.own_background", round(measured[1], 1), "ms"),
        Figure("enrichment_sets_tested", tested, ""),
    ]
