"""Searches as people type them: symbols, old names, accessions, names of drugs and diseases, beginnings, mistakes."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.analyst._identifiers import mistyped, names, names_of_genes
from benchmarks.analyst._percentiles import percentile
from benchmarks.harness import Figure

if TYPE_CHECKING:
    from warehouse.warehouse import Warehouse

#: Kind of search → how many of 500: which names they are taken from, and what is made of them.
_SHARES = {
    "symbol": 110,
    "lower case": 40,
    "old symbol": 50,
    "alias": 40,
    "accession": 50,
    "curie": 20,
    "drug": 50,
    "disease": 50,
    "pathway": 20,
    "beginning": 40,
    "word": 10,
    "mistyped": 20,
}


def run(home: Path, small: bool) -> list[Figure]:
    """Each text is searched for once, after a few others, so that no answer is remembered."""
    from warehouse.warehouse import Warehouse

    with Warehouse.open(home) as warehouse:
        texts = _texts(warehouse, 0.1 if small else 1.0)
        for text in ("warm up", "TP53", "wramup"):
            warehouse.search(text)
        taken: list[tuple[float, str, str]] = []
        for text, kind in texts:
            start = time.perf_counter()
            warehouse.search(text)
            taken.append((time.perf_counter() - start, text, kind))
    seconds = [one for one, _text, _kind in taken]
    slowest = max(taken)
    print(f"slowest: {slowest[0] * 1000:.0f} ms, {slowest[1]!r} ({slowest[2]})")
    return [
        Figure("search_p95_ms", _p95(taken), "ms", "<= 100"),
        Figure("search_p50_ms", round(percentile(seconds, 0.5) * 1000, 1), "ms"),
        Figure("search_max_ms", round(slowest[0] * 1000, 1), "ms"),
        Figure("searches", len(taken), ""),
        *(Figure(f"search_p95_ms.{kind}", _p95([one for one in taken if one[2] == kind]), "ms") for kind in _SHARES),
    ]  # fmt: skip


def _p95(taken: list[tuple[float, str, str]]) -> float:
    return round(percentile([seconds for seconds, _text, _kind in taken], 0.95) * 1000, 1)


def _texts(warehouse: Warehouse, share: float, seed: int = 11) -> list[tuple[str, str]]:
    chooser = random.Random(seed)
    symbols, drugs = names_of_genes(warehouse, "symbol"), names(warehouse, "Drug", "name")
    diseases, pathways = names(warehouse, "Disease", "name"), names(warehouse, "Pathway", "name")
    curies = names(warehouse, "Gene", "identifier") + names(warehouse, "Protein", "identifier")
    pools = {
        "symbol": symbols,
        "lower case": [one.lower() for one in symbols],
        "old symbol": names_of_genes(warehouse, "previous_symbol"),
        "alias": names_of_genes(warehouse, "alias"),
        "accession": [one.partition(":")[2] for one in curies],
        "curie": curies,
        "drug": drugs,
        "disease": diseases,
        "pathway": pathways,
        "beginning": [one[:3] for one in symbols] + [one[:5] for one in diseases],
        "word": [max(one.split(), key=len) for one in diseases + pathways],
        "mistyped": [mistyped(one, chooser) for one in chooser.sample(symbols, 200)],
    }
    found = [
        (text, kind)
        for kind, count in _SHARES.items()
        for text in chooser.sample(pools[kind], max(round(count * share), 1))
    ]
    chooser.shuffle(found)
    return found
