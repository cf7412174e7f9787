"""The samples of a cohort that a comparison uses, and which of them a user's names mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.bayesian_networks.data.dataset import named
from warehouse.analyst.samples import Samples, Selection, select_samples
from warehouse.barcodes import read_barcode, sample_type
from warehouse.errors import AnalysisError

if TYPE_CHECKING:
    from analytics.analysis import RunContext

__all__ = ["CohortSamples", "choose_samples", "other_tissue"]


def other_tissue(names: Sequence[str]) -> str:
    """How many samples are not tumours by their TCGA barcodes, by tissue type; empty where none is.

    >>> other_tissue(["TCGA-02-0001-01", "TCGA-02-0001-11", "TCGA-02-0002-10A"])
    '2 of 3 samples are normal'
    """
    kinds = (sample_type(barcode.code) for name in names if (barcode := read_barcode(name)) is not None)
    counts = Counter(kind.tissue_type for kind in kinds if kind is not None and kind.tissue_type != "tumour")
    return ", ".join(f"{count} of {len(names)} samples are {tissue}" for tissue, count in sorted(counts.items()))


@dataclass(frozen=True)
class CohortSamples:
    """The samples of a matrix that are used.

    Args:
        selection: what the rule and the user's names chose (`warehouse.analyst.samples`).
        meant: the sample that each name of the user's file means; None = it is not of the tissue that is asked for.
    """

    selection: Selection
    meant: Mapping[str, str | None]

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names of samples that are not used because they are of another tissue."""
        return tuple(name for name, sample in self.meant.items() if sample is None)


def choose_samples(
    matrix: str, samples: Samples, names: Sequence[str], path: Path | None, context: RunContext
) -> CohortSamples:
    """Choose one sample for each patient, or those that the user names, among the tissue that is asked for.

    Args:
        matrix: the name of the matrix.
        samples: the tissue.
        names: what the user's file calls samples: an id, an id without its prefix, or a TCGA barcode of any level; a
            patient means the sample that the rule chooses.
        path: the file, for messages.
        context: of the run.

    Raises:
        AnalysisError: a name means no sample of the matrix, or two names mean one sample.
        QuestionError: the matrix has no sample of the tissue.
    """
    by_rule = select_samples(context.warehouse, matrix, samples, each_tissue=True)
    if not names:
        return CohortSamples(by_rule, {})
    rows = context.frame(
        "SELECT coalesce(sample_id, patient_id), patient_id FROM matrix_samples WHERE matrix = $matrix ORDER BY ALL",
        matrix=matrix,
    ).rows()
    known = _Known(dict(rows), by_rule)
    ids = {name: known.id(name) for name in names}
    unknown = [name for name, meant in ids.items() if meant is None]
    if unknown:
        raise AnalysisError(
            f"{path} names samples that {matrix} does not have: {named(unknown)}.",
            f"Its samples are: {named([row for row, _patient in rows])}.",
        )
    _verify_apart(ids, path)
    selection = select_samples(
        context.warehouse, matrix, samples, each_tissue=True, named=[one for one in ids.values() if one is not None]
    )
    used = set(selection.rows)
    return CohortSamples(selection, {name: one if one in used else None for name, one in ids.items()})


class _Known:
    """The samples of a matrix by every name that means one of them."""

    def __init__(self, patients: Mapping[str, str | None], by_rule: Selection) -> None:
        self._samples = {name: sample for sample in patients for name in _names(sample)}
        self._of_patient: dict[str, str] = {}
        # A patient means the sample that the rule chooses, and where it chooses none, any: it is then left out by name.
        for sample in sorted(patients, key=lambda sample: sample not in by_rule.patients):
            for name in _names(patients[sample] or ""):
                self._of_patient.setdefault(name, sample)

    def id(self, name: str) -> str | None:
        """The sample that a name means."""
        found = self._samples.get(name) or self._of_patient.get(name)
        barcode = read_barcode(name)
        if found is not None or barcode is None:
            return found
        kind = sample_type(barcode.code)
        if barcode.code is not None and barcode.sample in self._samples:
            return self._samples[barcode.sample]
        # A matrix with a row for each patient holds tumours: a barcode of normal tissue means none of its rows.
        if barcode.code is None or (kind is not None and kind.tissue_type == "tumour"):
            rows = self._of_patient if barcode.code is None else self._samples
            return rows.get(barcode.patient)
        return None


def _names(curie: str) -> tuple[str, str]:
    return curie, curie.partition(":")[2]


def _verify_apart(ids: Mapping[str, str | None], path: Path | None) -> None:
    names: dict[str | None, list[str]] = {}
    for name, sample in ids.items():
        names.setdefault(sample, []).append(name)
    for sample, several in names.items():
        if len(several) > 1:
            raise AnalysisError(f"{path} names {sample} more than once: {named(several)}.", "Keep one of them.")
