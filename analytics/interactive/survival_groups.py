"""Groups of the patients of a cohort by the expression, mutation or copy number of a gene, with their survival."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from warehouse.analyst.samples import Samples, select_samples
from warehouse.errors import AnalysisError
from warehouse.tables.schema import quoted

if TYPE_CHECKING:
    from warehouse.warehouse import Warehouse

#: A smaller group is not shown: a curve of few patients says little, and may tell who they are.
SMALLEST_GROUP = 5
_MOST_PATIENTS = 1_000_000


class Split(StrEnum):
    """How patients are divided."""

    MEDIAN = "at the median"
    THIRDS = "lowest and highest third"
    QUARTERS = "lowest and highest quarter"
    MUTATED = "mutated or not"
    COPIES = "loss, neutral, gain"


#: What fits a kind of matrix.
SPLITS = {
    "expression": (Split.MEDIAN, Split.THIRDS, Split.QUARTERS),
    "methylation": (Split.MEDIAN, Split.THIRDS, Split.QUARTERS),
    "mutation_status": (Split.MUTATED,),
    "copy_number": (Split.COPIES,),
}


@dataclass(frozen=True)
class Grouped:
    """Patients with their survival and group.

    Args:
        patients: `patient_id`, `time_days`, `event`, `value`, `group`; groups in the order in which they are shown.
        suppressed: groups that are too small to be shown, with how many patients each has.
        without_value: patients of the cohort with survival for whom the matrix has no value of the gene.
    """

    patients: pl.DataFrame
    suppressed: dict[str, int]
    without_value: int

    @property
    def names(self) -> list[str]:
        """The groups, in order; the first is the reference of hazard ratios."""
        return self.patients["group"].unique(maintain_order=True).to_list()


def values(
    warehouse: Warehouse, matrix: str, gene_id: str, endpoint: str, samples: Samples = Samples.TUMOUR
) -> pl.DataFrame:
    """The survival of the patients of a matrix's cohort, with the value of a gene in the sample of each.

    The sample is the one that stands for its patient (`warehouse.analyst.samples`); `select_samples` tells how many of
    each kind that leaves out. Several values of the gene in this sample are averaged.

    Args:
        warehouse: what answers.
        matrix: its name.
        gene_id: the canonical id of the gene.
        endpoint: as in the table `survival`.
        samples: the tissue whose values are used; `both`: the tumour of a patient, else normal tissue.

    Returns:
        `patient_id`, `time_days`, `event`, `value` (null where the matrix has none), by patient.

    Raises:
        AnalysisError: there is no such matrix, or none of its patients has that end point.
        QuestionError: the matrix has no sample of that tissue.
    """
    known = warehouse.sql("SELECT cohort_id FROM matrices WHERE matrix = $matrix", matrix=matrix).rows()
    if not known:
        raise AnalysisError(f"There is no matrix {matrix!r}.", "The table `matrices` lists them.")
    selection = select_samples(warehouse, matrix, samples)
    # The name of the matrix is one that the build has made, as has just been seen.
    found = warehouse.sql(
        f"""SELECT s.patient_id, s.time_days, s.event, v.value FROM survival AS s
        JOIN has_patient AS h ON h.object = s.patient_id AND h.subject = $cohort
        LEFT JOIN (
            SELECT patient_id, avg(value) AS value FROM main.{quoted(matrix)}
            WHERE gene_id = $gene AND coalesce(sample_id, patient_id) IN (SELECT unnest($rows)) GROUP BY patient_id
        ) AS v ON v.patient_id = s.patient_id
        WHERE s.endpoint = $endpoint ORDER BY s.patient_id""",
        cohort=known[0][0],
        gene=gene_id,
        endpoint=endpoint,
        rows=list(selection.rows),
        limits=replace(warehouse.limits, rows=_MOST_PATIENTS),
    ).to_polars()
    if found.is_empty():
        raise AnalysisError(f"No patient of {known[0][0]} has the end point {endpoint}.", "Choose another end point.")
    return found


def grouped(found: pl.DataFrame, split: Split) -> Grouped:
    """Divide patients by their values; groups that are too small are taken out.

    Args:
        found: as `values` gives them.
        split: how.

    Raises:
        AnalysisError: no patient has a value, or all have the same, or fewer than two groups are large enough.
    """
    told = found.drop_nulls("value")
    if told.is_empty():
        raise AnalysisError("The matrix has no value of this gene.", "Choose another gene or another matrix.")
    labels = _labels(told["value"].to_numpy(), split)
    order = list(dict.fromkeys(_ORDER[split]))
    divided = (
        told.with_columns(pl.Series("group", labels, pl.Enum(order))).drop_nulls("group").sort("group", "patient_id")
    )
    counts = {name: int((divided["group"] == name).sum()) for name in order}
    small = {name: count for name, count in counts.items() if 0 < count < SMALLEST_GROUP}
    kept = divided.filter(~pl.col("group").cast(pl.String).is_in(list(small))).cast({"group": pl.String})
    if kept["group"].n_unique() < 2:
        told_counts = {
            name: f"fewer than {SMALLEST_GROUP}" if name in small else count for name, count in counts.items()
        }
        sizes = ", ".join(f"{name}: {count}" for name, count in told_counts.items())
        raise AnalysisError(
            f"Fewer than two groups have {SMALLEST_GROUP} patients or more ({sizes}).", "Choose another gene or split."
        )
    return Grouped(kept, small, found.height - told.height)


#: The groups of a division; the first is the reference of hazard ratios.
_ORDER = {
    Split.MEDIAN: ("low", "high"),
    Split.THIRDS: ("low", "high"),
    Split.QUARTERS: ("low", "high"),
    Split.MUTATED: ("not mutated", "mutated"),
    Split.COPIES: ("neutral", "loss", "gain"),
}


def _labels(value: np.ndarray[tuple[int], np.dtype[np.float64]], split: Split) -> list[str | None]:
    if split is Split.MUTATED:
        return ["mutated" if one > 0 else "not mutated" for one in value]
    if split is Split.COPIES:
        # Half a level away from none: levels are whole numbers, and means of samples lie between.
        return ["loss" if one <= -0.5 else "gain" if one >= 0.5 else "neutral" for one in value]
    share = {Split.MEDIAN: 0.5, Split.THIRDS: 1 / 3, Split.QUARTERS: 0.25}[split]
    low, high = np.quantile(value, [share, 1 - share])
    if value.min() == value.max():
        raise AnalysisError("All patients have the same value of this gene.", "Choose another gene or another matrix.")
    return ["high" if one > high else "low" if one <= low else None for one in value]
