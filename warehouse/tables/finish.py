"""The second half of every build: from statements to a file that may be published."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from warehouse.cypher.engine import layout
from warehouse.graph.catalogue import catalogue
from warehouse.progress import SILENT, Progress
from warehouse.tables import fingerprint, gate, matrix_features, matrix_samples, views
from warehouse.tables.resolve import Resolver
from warehouse.tables.writer import BuildWriter


@dataclass
class Finished:
    """What is known of a build that passed its gate.

    Args:
        content_hash: equal for equal content (see `warehouse.tables.fingerprint`).
        counts: rows by name of the type.
        provenance_share: the share of statements that name source, release, file and row.
        phases: seconds by phase.
        matrices: by name, how many rows and features each matrix has, and how many of the features mean an entity.
    """

    content_hash: str
    counts: dict[str, int]
    provenance_share: float
    phases: dict[str, float] = field(default_factory=dict)
    matrices: dict[str, dict[str, int]] = field(default_factory=dict)


def finish(
    writer: BuildWriter,
    touched: Collection[str] | None = None,
    undone_merges: Iterable[tuple[str, str]] = (),
    progress: Progress = SILENT,
) -> Finished:
    """Resolve, make the views and the graph's tables, pass the gate, take the fingerprint.

    Args:
        writer: the build, all statements written.
        touched: the tables whose statements changed since the file was finished last; None = all.
        undone_merges: pairs of merged and canonical id that a user has undone.
        progress: told of each type.

    Raises:
        GateError: the build did not pass.
    """
    connection, model = writer.connection, writer.model
    phases: dict[str, float] = {}
    start = time.perf_counter()
    writer.settle_matrices()
    start = _lap(phases, "matrices", start)
    changed = Resolver(connection, model, undone_merges).resolve(touched, progress)
    matrix_samples.derive(connection, model)
    matrix_features.derive(connection, model)
    start = _lap(phases, "resolve", start)
    views.create(connection, model)
    layout.derive(connection, catalogue(model), None if touched is None else changed)
    start = _lap(phases, "graph", start)
    counts, share = gate.verify(connection, model, None if touched is None else changed)
    start = _lap(phases, "gate", start)
    content_hash = fingerprint.update(connection, model, None if touched is None else changed | set(touched))
    connection.execute("CHECKPOINT")
    _lap(phases, "fingerprint", start)
    return Finished(content_hash, counts, share, phases, matrix_features.joined(connection))


def _lap(phases: dict[str, float], name: str, start: float) -> float:
    now = time.perf_counter()
    phases[name] = round(now - start, 3)
    return now
