"""`python -m benchmarks load`: generated relationships through every step of a build: check, keys, references, graph.

The graph is scale-free: a few hubs, many leaves; one statement in a hundred names an entity that nobody states, one in
fifty repeats an earlier one from a second source, and one in a thousand is malformed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Figure, run_command

if TYPE_CHECKING:
    import polars as pl

_BATCH = 500_000


def run(arguments: list[str]) -> list[Figure]:
    """Load one and ten million relationships, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks load")
    parser.add_argument("--relationships", type=int, default=10_000_000)
    parser.add_argument("--single", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    small, large = options.relationships // 10, options.relationships
    figures: list[Figure] = []
    seconds: dict[int, float] = {}
    peaks: dict[int, float] = {}
    for count in (small, large):
        finished = run_command([sys.executable, "-m", "benchmarks.load", str(count)])
        told = json.loads(finished.output.splitlines()[-1])
        seconds[count], peaks[count] = told["seconds"], finished.peak_gb
        figures += [Figure(f"{name}_{count}", value, "") for name, value in told.items() if name != "seconds"]
        figures.append(Figure(f"generated_and_loaded_seconds_{count}", round(finished.seconds, 2), "s"))
    return [
        Figure("duckdb_seconds", round(seconds[large], 2), "s", "<= 60"),
        Figure("duckdb_peak_gb", round(peaks[large], 3), "GB", "<= 4"),
        Figure("duckdb_seconds_small", round(seconds[small], 2), "s"),
        Figure("duckdb_peak_gb_small", round(peaks[small], 3), "GB"),
        Figure("seconds_growth", round(seconds[large] / seconds[small], 2), "x"),
        Figure("memory_growth", round(peaks[large] / peaks[small], 2), "x"),
        *figures,
    ]


def load(count: int, folder: Path) -> dict[str, float]:
    """Generate and load; only the loading is timed."""
    import numpy as np
    import polars as pl

    from warehouse.checks import Checker
    from warehouse.model import MODEL
    from warehouse.statements import ROW, entities, relationships
    from warehouse.tables.finish import finish
    from warehouse.tables.writer import BuildWriter, FileRecord, SourceRecord

    generator = np.random.default_rng(7)
    genes, drugs = max(count // 50, 100), max(count // 200, 50)
    types = ("INTERACTS_WITH", "CONTROLS_EXPRESSION_OF", "IN_COMPLEX_WITH", "BINDS")
    seconds = 0.0
    statements = 0
    with BuildWriter(folder / "warehouse.duckdb", MODEL, memory_mb=2000) as writer:
        for rank, name in enumerate(("first", "second")):
            writer.add_source(SourceRecord(name, name.title(), "", "CC0-1.0", True, rank))
        files = [writer.add_file(FileRecord(n, "1", "edges", f"{n}.tsv", "", 0, None)) for n in ("first", "second")]

        def add(stated: object, file: int) -> None:
            nonlocal seconds, statements
            start = time.perf_counter()
            checked = Checker().check(stated)  # type: ignore[arg-type]
            writer.add_statements(stated.type, checked.valid, file)  # type: ignore[attr-defined]
            writer.quarantine(checked.rejected, file)
            seconds += time.perf_counter() - start
            statements += stated.frame.height  # type: ignore[attr-defined]

        for label, prefix, size in (("Gene", "ncbigene:", genes), ("Drug", "chembl.compound:CHEMBL", drugs)):
            ids = pl.int_range(1, size + 1, eager=True).cast(pl.String)
            frame = pl.DataFrame({"id": prefix + ids, "name": "name " + ids, ROW: np.arange(1, size + 1)})
            add(entities(label, frame), files[0])
        for at in range(0, count, _BATCH):
            name = types[(at // _BATCH) % len(types)]
            frame = _batch(generator, at, min(_BATCH, count - at), genes, drugs if name == "BINDS" else None)
            add(relationships(name, frame), files[0])
            add(relationships(name, frame.filter(pl.col(ROW) % 50 == 0)), files[1])
        start = time.perf_counter()
        finished = finish(writer)
    seconds += time.perf_counter() - start
    return {
        "seconds": round(seconds, 3),
        "statements": statements,
        "relationships": sum(finished.counts[name] for name in types),
        "disk_gb": round((folder / "warehouse.duckdb").stat().st_size / 1e9, 3),
        **{f"{phase}_seconds": value for phase, value in finished.phases.items()},
    }


def _batch(generator: object, at: int, size: int, genes: int, drugs: int | None) -> pl.DataFrame:
    """Generated statements with the rows that follow `at`, from drugs or from genes to genes."""
    import polars as pl

    from warehouse.statements import ROW

    subject = ("ncbigene:", genes) if drugs is None else ("chembl.compound:CHEMBL", drugs)
    row = pl.int_range(at + 1, at + size + 1, eager=True).alias(ROW)
    frame = pl.DataFrame(
        {
            "subject": _references(generator, *subject, size),
            "object": _references(generator, "ncbigene:", genes, size),
            "evidence": ["asserted"] * size,
            ROW: row,
        }
    )
    return frame.with_columns(
        subject=pl.when(pl.col(ROW) % 1000 == 0).then(pl.lit("not a curie")).otherwise("subject"),
        pubmed_ids=pl.when(pl.col(ROW) % 10 == 0).then(pl.concat_list(pl.col(ROW).cast(pl.String))),
    )


def _references(generator: object, prefix: str, limit: int, size: int) -> object:
    """References with a power law: hub number n is drawn about n^-0.6 times; one in two hundred is unknown."""
    import polars as pl

    drawn = (generator.random(size) ** 2.5 * limit * 1.0126).astype("int64") + 1  # type: ignore[attr-defined]
    return prefix + pl.Series(drawn).cast(pl.String)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as made:
        # A folder that is named keeps the build.
        print(json.dumps(load(int(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else made))))
