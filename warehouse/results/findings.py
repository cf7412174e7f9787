"""What a run of an analysis hands back to the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from warehouse.results.evidence import Evidence


@dataclass(frozen=True)
class Findings:
    """The results of one run, before they are checked and published.

    Ends and members are given by canonical id (`hgnc:11998`). Every name of a type and a column is declared in
    `warehouse.model.predictions`; columns that are left out are empty. `run`, `rank` (where it is left out: by falling
    `score`), `evidence` and `sources` are filled in.

    Args:
        entities: for each label (`Subnetwork`) a frame with `id`, an id of the run's own choice that is unique within
            the run (`responders`), and the columns of the type.
        relationships: for each type (`REGULATES`) a frame with `subject`, `object` and the columns of the type. An end
            that is one of `entities` is given by the id that it has there. A type whose ends may be of several labels
            takes `subject_type` or `object_type` where the id alone does not tell.
        tables: further tables for pages and analysts, as the analysis declares them (`warehouse.results.tables`); in
            SQL they are views `<analysis>_<table>` with the column `run` in front, over all active runs.
        metrics: held-out metrics and other figures of the run.
        artefacts: files, by a name that says their kind (`weights.safetensors`): the path of a file that was written to
            `RunContext.artefacts`, or its bytes. Kinds and limits: `warehouse.results.artefact_kinds`.
        evidence: how good the predictions are, as the analysis declares it in `Analysis.evidence`.
        notes: sentences that a reader of the results must know (what was dropped, what did not converge).
    """

    entities: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    relationships: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    artefacts: Mapping[str, Path | bytes | bytearray | memoryview] = field(default_factory=dict)
    evidence: Evidence | None = None
