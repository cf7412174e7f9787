"""How strongly genes are expressed in the tumours of a cohort, where the build holds levels and not only z-scores.

A z-score within a cohort is zero on average for every gene: it ranks patients, and tells nothing of a gene's level. So
only matrices in units of TPM are used, and of these the tumour that stands for each patient; a comparison with healthy
tissue is another criterion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.analyst.samples import AsksSql, select_samples
from warehouse.answer import Answer, Limits
from warehouse.errors import QuestionError
from warehouse.tables.schema import quoted

_LOG2_TPM = re.compile(r"^log2\(TPM \+ (\d+(?:\.\d+)?)\)$")


@dataclass(frozen=True)
class Levels:
    """A matrix of expression levels of a cohort.

    Args:
        cohort: its id.
        matrix: the name of the matrix, which is a table.
        unit: as its source says, `log2(TPM + 0.001)`.
        offset: what was added before the logarithm.
    """

    cohort: str
    matrix: str
    unit: str
    offset: float

    def medians(self, warehouse: AsksSql, genes: Sequence[str], limits: Limits) -> dict[str, float]:
        """The median TPM of each gene that the matrix holds, over the tumours that stand for their patients."""
        found = warehouse.sql(
            f"""SELECT gene_id, round(greatest(pow(2, median(value)) - $offset, 0), 3) FROM {quoted(self.matrix)}
            WHERE represents_patient AND gene_id IN (SELECT unnest($genes)) AND value IS NOT NULL
            GROUP BY gene_id ORDER BY gene_id""",
            {"genes": list(genes), "offset": self.offset},
            limits=limits,
        )
        return dict(found.rows())

    def measured(self, warehouse: AsksSql, gene: str) -> Answer:
        """Every measurement of a gene in the tumours that stand for their patients, the highest first."""
        return warehouse.sql(
            f"""SELECT patient_id, sample_id, value AS {quoted(self.unit)},
                round(greatest(pow(2, value) - $offset, 0), 3) AS tpm, source, release, file, "row"
            FROM {quoted(self.matrix)} WHERE represents_patient AND gene_id = $gene AND value IS NOT NULL
            ORDER BY value DESC, patient_id, sample_id, feature""",
            {"gene": gene, "offset": self.offset},
        )


def cohorts_with_levels(warehouse: AsksSql) -> dict[str, Levels]:
    """The cohorts for which the build holds expression levels of tumours, by id; of several matrices the first."""
    rows = warehouse.sql(
        """SELECT cohort_id, matrix, unit FROM matrices WHERE kind = 'expression'
        AND matrix IN (SELECT matrix FROM matrix_samples WHERE represents_patient) ORDER BY ALL"""
    ).rows()
    found: dict[str, Levels] = {}
    for cohort, matrix, unit in rows:
        if cohort is not None and (read := _LOG2_TPM.match(unit or "")):
            found.setdefault(cohort, Levels(cohort, matrix, unit, float(read[1])))
    return found


def levels_for(warehouse: AsksSql, disease: str, cohort: str | None = None) -> tuple[Levels | None, str]:
    """The levels to use for a disease, and a sentence that says where they come from, or why there are none.

    Args:
        warehouse: what answers.
        disease: its id.
        cohort: the id of a cohort that the user chose; None = one that a source says to study the disease.

    Raises:
        QuestionError: the chosen cohort has no levels.
    """
    known = cohorts_with_levels(warehouse)
    others = f"Cohorts with levels: {', '.join(known) or 'none in this build'}."
    if cohort is not None:
        if cohort not in known:
            raise QuestionError(f"This build holds no expression levels (TPM) of {cohort}.", others)
        return known[cohort], _said(warehouse, known[cohort])
    text = "SELECT DISTINCT subject FROM studies WHERE object = $disease ORDER BY subject"
    studied = [row[0] for row in warehouse.sql(text, {"disease": disease}).rows()]
    for one in studied:
        if one in known:
            return known[one], _said(warehouse, known[one])
    why = (
        f"{', '.join(studied)} studies {disease}, but holds z-scores within the cohort or nothing"
        if studied
        else f"No cohort of this build is said to study {disease}"
    )
    return None, f"{why}: tumour expression is left out. {others}"


def _said(warehouse: AsksSql, levels: Levels) -> str:
    return f"Expression: median TPM of the tumours of {levels.cohort}. {select_samples(warehouse, levels.matrix)}"
