"""TCGA's clinical data resource of the sample: one workbook, a row for each patient, and one with a negative time."""

from __future__ import annotations

from collections.abc import Sequence

from etl.sample.cohort import Patient
from etl.sample.output import Output
from etl.sample.workbook import workbook
from etl.sample.world import World

_COLUMNS = (
    "bcr_patient_barcode type age_at_initial_pathologic_diagnosis gender race ajcc_pathologic_tumor_stage "
    "clinical_stage histological_type histological_grade initial_pathologic_dx_year menopause_status "
    "birth_days_to vital_status tumor_status last_contact_days_to death_days_to cause_of_death "
    "new_tumor_event_type new_tumor_event_site new_tumor_event_site_other new_tumor_event_dx_days_to "
    "treatment_outcome_first_course margin_status residual_tumor OS OS.time DSS DSS.time DFI DFI.time PFI "
    "PFI.time Redaction"
)
_HEADER = tuple(_COLUMNS.split())


def write(world: World, output: Output) -> None:
    """Write `TCGA-CDR-SupplementalTableS1.xlsx`."""
    patients = world.cohort.patients
    rows = [_row(patient, world.cohort.study) for patient in patients]
    rows[0] |= {"DFI": 0, "DFI.time": -30}
    numbered = [[number, *(row.get(column) for column in _HEADER)] for number, row in enumerate(rows, 1)]
    sheets: dict[str, Sequence[Sequence[object]]] = {
        "TCGA-CDR": [["", *_HEADER], *numbered],
        "TCGA-CDR_Notes": [["Column", "Explanation"], ["OS", "..."]],
    }
    output.write("tcga/TCGA-CDR-SupplementalTableS1.xlsx", workbook(sheets), len(rows), bad_values=1)


def _row(patient: Patient, study: str) -> dict[str, object]:
    dead = bool(patient.os_event)
    return {
        "bcr_patient_barcode": patient.barcode,
        "type": study,
        "age_at_initial_pathologic_diagnosis": patient.age,
        "gender": patient.sex.upper(),
        "race": patient.race,
        "ajcc_pathologic_tumor_stage": patient.stage,
        "clinical_stage": "[Not Applicable]",
        "histological_type": "Lung Adenocarcinoma",
        "histological_grade": "[Not Available]",
        "initial_pathologic_dx_year": patient.year,
        "vital_status": "Dead" if dead else "Alive",
        "tumor_status": "WITH TUMOR" if patient.pfi_event else "TUMOR FREE",
        "OS": patient.os_event,
        "OS.time": patient.os_days,
        "DSS": patient.os_event,
        "DSS.time": patient.os_days,
        "DFI": "#N/A",
        "DFI.time": "#N/A",
        "PFI": patient.pfi_event,
        "PFI.time": patient.pfi_days,
    }
