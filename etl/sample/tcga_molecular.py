"""PORPOISE's table of the sample: a row for each slide; some patients have two, and one of them contradicts itself."""

from __future__ import annotations

from etl.sample.output import Output
from etl.sample.world import World

_DAYS_PER_MONTH = 30.44
_HEADER = (
    *("", "case_id", "slide_id", "age", "site", "survival_months", "censorship", "is_female", "oncotree_code", "train"),
)


def write(world: World, output: Output) -> None:
    """Write `tcga_luad_all_clean.csv`."""
    cohort = world.cohort
    profiles: dict[str, list[float] | list[int]] = {
        **{f"{symbol}_rnaseq": values for symbol, values in cohort.expression.items()},
        **{f"{symbol}_mut": values for symbol, values in cohort.mutated.items()},
        **{f"{symbol}_cnv": values for symbol, values in cohort.copy_number.items()},
    }
    slides = [*range(len(cohort.patients)), 0, 1, 2, 3]
    lines = [_line(world, profiles, number, patient) for number, patient in enumerate(slides)]
    lines[-1][3] = 120.0  # the second slide of a patient who is another age there
    name = f"tcga_{cohort.study.lower()}_all_clean.csv"
    output.table(f"tcga/{name}.zip", lines, header=(*_HEADER, *profiles), separator=",", bad=1)


def _line(world: World, profiles: dict[str, list[float] | list[int]], number: int, position: int) -> list[object]:
    patient = world.cohort.patients[position]
    slide = f"{patient.barcode}-01Z-00-DX{number // len(world.cohort.patients) + 1}.svs"
    months = round(patient.os_days / _DAYS_PER_MONTH, 4)
    clinical: list[object] = [number, patient.barcode, slide, float(patient.age), "SM", months]
    clinical += [1.0 - patient.os_event, float(patient.sex == "female"), world.cohort.study, 1.0]
    return [*clinical, *(values[position] for values in profiles.values())]
