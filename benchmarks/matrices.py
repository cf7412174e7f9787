"""`python -m benchmarks matrices`: matrices of single-cell size, written into a build and read back as arrays.

Reading is measured in a process of its own, from opening the warehouse to the arrays with their ids.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Figure, run_command

#: Rows, features and the share of the values that is there.
SIZES = {"sparse": (50_000, 2_000, 0.1), "dense": (1_000, 20_000, 1.0)}

_REPEATS = 3

_READ = """
import json, sys, time
from warehouse.warehouse import Warehouse
start = time.perf_counter()
with Warehouse.open(sys.argv[1]) as warehouse:
    matrix = warehouse.matrix(sys.argv[2])
    seconds = time.perf_counter() - start
    feature = matrix.features[len(matrix.features) // 2]
    start = time.perf_counter()
    rows = warehouse.sql(f"SELECT row_id, value FROM {sys.argv[2]} WHERE feature = $f"
        if matrix.is_sparse else f"SELECT patient_id, value FROM {sys.argv[2]} WHERE feature = $f", f=feature)
    one = time.perf_counter() - start
    total = float(matrix.values.data.sum() if matrix.is_sparse else matrix.values.sum())
print(json.dumps({"seconds": seconds, "feature_ms": one * 1000, "shape": matrix.shape, "sum": total}))
"""


def run(arguments: list[str]) -> list[Figure]:
    """Measure both sizes: writing, the file, reading all, one feature by SQL."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks matrices")
    parser.add_argument("--folder", type=Path, help="where the builds are made; they stay there")
    options = parser.parse_args(arguments)
    figures = [Figure("load_average", round(os.getloadavg()[0], 2), "")]
    for name in SIZES:
        with tempfile.TemporaryDirectory(prefix="targetgraph-") as made:
            figures += _measure(name, (options.folder or Path(made)) / name)
    return figures


def _measure(name: str, folder: Path) -> list[Figure]:
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "warehouse.duckdb"
    # What this process holds would count as the peak of those that it starts.
    code = f"from benchmarks.matrices import write; write({name!r}, {str(database)!r})"
    written, total = json.loads(run_command([sys.executable, "-c", code]).output)
    runs = [run_command([sys.executable, "-c", _READ, str(database), f"x_{name}"]) for _ in range(_REPEATS)]
    told = [json.loads(one.output) for one in runs]
    rows, features, _share = SIZES[name]
    assert all(one["shape"] == [rows, features] for one in told)
    assert all(abs(one["sum"] - total) < 1e-6 * max(1.0, abs(total)) for one in told), "what was written comes back"
    return [
        Figure(f"{name}_write_s", round(written, 2), "s"),
        Figure(f"{name}_file_mb", round(database.stat().st_size / 1e6, 1), "MB"),
        Figure(f"{name}_read_s", round(statistics.median(one["seconds"] for one in told), 2), "s", "<= 2"),
        Figure(f"{name}_read_peak_gb", round(max(one.peak_gb for one in runs), 2), "GB", "<= 2"),
        Figure(f"{name}_one_feature_ms", round(statistics.median(one["feature_ms"] for one in told), 1), "ms"),
    ]


def write(name: str, path: str) -> None:
    """Write a build with one matrix; print the seconds, and the sum of its values."""
    import numpy as np
    import polars as pl

    from warehouse.statements import ROW, Matrix
    from warehouse.tables.finish import finish
    from warehouse.tables.writer import BuildWriter, FileRecord, SourceRecord

    rows, features, share = SIZES[name]
    database = Path(path)
    random = np.random.default_rng(1)
    places = np.flatnonzero(random.random(rows * features) < share)
    values = random.normal(size=places.size) if share == 1 else random.poisson(2, places.size) + 1.0
    row_ids = pl.Series([f"tcga:sample_{n:08d}-1" if share == 1 else f"cell:sample_{n:08d}-1" for n in range(rows)])
    names = pl.Series([f"ENSG{n:011d}" for n in range(features)])
    frame = pl.DataFrame(
        {
            "row_id": row_ids.gather(places % rows),
            "feature": names.gather(places // rows),
            "value": values,
            ROW: places // rows + 2,
        }
    )
    kind, row_type = ("expression", "Patient") if share == 1 else ("cell_expression", "cell")
    start = time.perf_counter()
    with BuildWriter(database) as writer:
        writer.add_source(SourceRecord("x", "X", "", "CC0-1.0", True, 50))
        file = writer.add_file(FileRecord("x", "1", "all", "x.tsv", "0" * 64, 1))
        writer.add_matrix(Matrix(f"x_{name}", kind, "cohort:x", "counts", row_type, frame), file)
        finish(writer)
    (database.parent / "receipt.json").write_text('{"content_hash": "", "sources": [], "counts": {}}', encoding="utf-8")
    print(json.dumps([time.perf_counter() - start, float(values.sum())]))
