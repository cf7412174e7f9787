"""UCSC Xena's files of the sample: expression with a gene in each row, and survival with a sample in each."""

from __future__ import annotations

from etl.sample.output import Output
from etl.sample.world import World

_SURVIVAL = "sample _PATIENT OS OS.time DSS DSS.time DFI DFI.time PFI PFI.time Redaction"


def write(world: World, output: Output) -> None:
    """Write the two files of the cohort."""
    cohort = world.cohort
    samples = [f"{patient.barcode}-01" for patient in cohort.patients]
    random = world.random("xena")
    levels = {symbol: random.uniform(5, 11) for symbol in cohort.expression}
    genes = [
        [symbol, *(round(max(0.0, levels[symbol] + 0.9 * value), 4) for value in values)]
        for symbol, values in cohort.expression.items()
    ]
    output.table(f"xena/TCGA.{cohort.study}.sampleMap/HiSeqV2.gz", genes, header=("sample", *samples))
    survival = [
        (
            *(sample, patient.barcode, patient.os_event, patient.os_days, patient.os_event, patient.os_days),
            *(None, None, patient.pfi_event, patient.pfi_days, None),
        )
        for sample, patient in zip(samples, cohort.patients, strict=True)
    ]
    output.table(f"xena/survival/{cohort.study}_survival.txt", survival, header=tuple(_SURVIVAL.split()))
