"""Which samples of a matrix a question about a cohort uses: tumours unless the user asks for normal tissue or both.

One sample stands for a patient: the build orders the samples of each (`warehouse.tables.matrix_samples`), and the first
of the tissue that is asked for is used. How many samples of each kind were used and left out is always told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from warehouse.answer import Answer, Limits
from warehouse.errors import QuestionError

#: A cohort has fewer samples than this.
_MOST_SAMPLES = 10_000_000


class AsksSql(Protocol):
    """What answers SQL: a `Warehouse`."""

    def sql(self, text: str, parameters: Mapping[str, Any] | None = None, *, limits: Limits | None = None) -> Answer:
        """Answer a statement."""


class Samples(StrEnum):
    """The tissue that is asked for."""

    TUMOUR = "tumour"
    NORMAL = "normal"
    BOTH = "both"


@dataclass(frozen=True)
class Selection:
    """The samples of a matrix that are used.

    Args:
        matrix: its name.
        rows: the samples used, or the patients where the matrix has a row for each patient, by patient and id.
        patients: the patient of each, where it is known.
        used: how many were used, by tissue type.
        left_out: how many were not, by tissue type; further samples of a patient apart.
    """

    matrix: str
    rows: tuple[str, ...]
    patients: Mapping[str, str]
    used: Mapping[str, int]
    left_out: Mapping[str, int]

    def __str__(self) -> str:
        """A sentence for a reader: what was used and what was left out."""
        left_out = f"; left out: {_counted(self.left_out)}" if self.left_out else ""
        return f"Samples of {self.matrix}: {_counted(self.used)} used{left_out}."


_ONE_EACH = "patients (one value each, the source names no samples)"
_UNKNOWN = "of unknown tissue type"
_FURTHER = "further of the same patient"


class _Row(NamedTuple):
    """A row of a matrix: its id, its patient, whether it is of a patient as a whole, and its tissue type."""

    id: str
    patient: str | None
    is_patient: bool
    tissue: str | None

    @property
    def kind(self) -> str:
        return _ONE_EACH if self.is_patient else self.tissue or _UNKNOWN

    def unit(self, each_tissue: bool) -> tuple[str, str | None]:
        """What one row stands for: the patient, or one tissue of the patient."""
        return self.patient or self.id, self.tissue if each_tissue else None


def select_samples(
    warehouse: AsksSql,
    matrix: str,
    samples: Samples = Samples.TUMOUR,
    *,
    each_tissue: bool = False,
    named: Collection[str] = (),
) -> Selection:
    """Choose the samples of a matrix, one for each patient.

    Samples of unknown tissue type are used only where the matrix has no sample of a known one. A matrix with a row for
    each patient is used whole, but not as normal tissue.

    Args:
        warehouse: what answers.
        matrix: its name.
        samples: the tissue; `both`: the tumour of a patient, else normal tissue.
        each_tissue: with `both`, the tumour and the normal tissue of a patient.
        named: ids of samples that the user names: those of the tissue are used instead of what the rule would choose.

    Raises:
        QuestionError: there is no such matrix, or it has no sample of the tissue.
    """
    rows = _rows(warehouse, matrix)
    typed = any(row.tissue is not None for row in rows)
    fitting = [row for row in rows if _fits(row, samples, typed=typed)]
    if not fitting:
        raise QuestionError(
            f"{matrix} has no sample of {_ASKED[samples]}. It has: {_counted(Counter(row.kind for row in rows))}.",
            "Ask for other samples: tumour, normal or both.",
        )
    by_name = {row.id for row in fitting if row.id in named}
    taken = {row.unit(each_tissue) for row in fitting if row.id in by_name}
    chosen: list[_Row] = []
    for row in fitting:
        if row.id in by_name or row.unit(each_tissue) not in taken:
            taken.add(row.unit(each_tissue))
            chosen.append(row)
    used = {row.id for row in chosen}
    left_out = Counter(row.kind for row in rows if not _fits(row, samples, typed=typed))
    left_out.update(f"{row.kind} ({_FURTHER})" for row in fitting if row.id not in used)
    patients = {row.id: row.patient for row in chosen if row.patient is not None}
    return Selection(matrix, tuple(row.id for row in chosen), patients, Counter(row.kind for row in chosen), left_out)


def _rows(warehouse: AsksSql, matrix: str) -> list[_Row]:
    """The rows of a matrix by patient: tumours before other tissue, and of one tissue in the order of the build."""
    text = """SELECT coalesce(sample_id, patient_id), patient_id, sample_id IS NULL, tissue_type
        FROM matrix_samples WHERE matrix = $matrix
        ORDER BY patient_id, tissue_type = 'tumour' DESC NULLS LAST, tissue_type, place, sample_id"""
    rows = warehouse.sql(text, {"matrix": matrix}, limits=Limits(rows=_MOST_SAMPLES)).rows()
    if not rows:
        raise QuestionError(f"There is no matrix {matrix!r}, or it is empty.", "The table `matrices` lists them.")
    return [_Row(*row) for row in rows]


_ASKED = {
    Samples.TUMOUR: "tumour",
    Samples.NORMAL: "normal tissue",
    Samples.BOTH: "tumour or normal tissue",
}


def _fits(row: _Row, samples: Samples, *, typed: bool) -> bool:
    if row.is_patient:
        return samples is not Samples.NORMAL
    if row.tissue is None:
        return not typed and samples is not Samples.NORMAL
    return row.tissue in {"tumour", "normal"} if samples is Samples.BOTH else row.tissue == samples.value


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items()))
