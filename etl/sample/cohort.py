"""The sample's cohort: patients with expression, mutations, copy number, and a survival that one gene drives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

_PATIENTS = 120
_HAZARD_RATIO = 2.5
_SHAPE = 1.3
_SCALE_DAYS = 1100
_STAGES = ("Stage IA", "Stage IB", "Stage IIA", "Stage IIB", "Stage IIIA", "Stage IV")


@dataclass(frozen=True)
class Patient:
    """A patient; times are in days from diagnosis, an event is 1 where it was seen."""

    barcode: str
    age: int
    sex: str
    race: str
    stage: str
    year: int
    os_days: int
    os_event: int
    pfi_days: int
    pfi_event: int


@dataclass(frozen=True)
class Cohort:
    """A cohort; its profiles have a value for each patient, by gene symbol.

    Args:
        study: TCGA's abbreviation.
        patients: in the order of the profiles.
        expression: standard scores within the cohort.
        mutated: 1 where the gene is mutated.
        copy_number: GISTIC levels, -2 to 2.
        hazard_ratio: of death, for one standard deviation more of the target's expression.
        weibull_shape: the shape of the distribution of survival times.
    """

    study: str
    patients: tuple[Patient, ...]
    expression: dict[str, list[float]]
    mutated: dict[str, list[int]]
    copy_number: dict[str, list[int]]
    hazard_ratio: float = _HAZARD_RATIO
    weibull_shape: float = _SHAPE


def make_cohort(random: Random, symbols: Sequence[str], target: str, regulated: Sequence[str]) -> Cohort:
    """Make a cohort in which the target sets the expression of other genes and the hazard of death."""
    driver = _standardised([random.gauss(0, 1) for _ in range(_PATIENTS)])
    expression = {symbol: _profile(random, symbol, driver, target, regulated) for symbol in symbols}
    mutated = {
        symbol: [int(random.random() < {"TP53": 0.46, "KRAS": 0.3}.get(symbol, 0.05)) for _ in range(_PATIENTS)]
        for symbol in symbols[:60]
    }
    # Amplified where it is expressed much, as driver genes are.
    copy_number = {
        symbol: [_level(value + random.gauss(0, 0.5 if symbol == target else 3)) for value in expression[symbol]]
        for symbol in symbols[:60]
    }
    patients = tuple(_patient(random, number, score) for number, score in enumerate(driver))
    return Cohort("LUAD", patients, expression, mutated, copy_number)


def _profile(
    random: Random, symbol: str, driver: Sequence[float], target: str, regulated: Sequence[str]
) -> list[float]:
    if symbol == target:
        return [round(value, 4) for value in driver]
    weight = (0.8 if regulated.index(symbol) % 2 == 0 else -0.7) if symbol in regulated else 0.0
    rest = math.sqrt(1 - weight**2)
    return [
        round(value, 4) for value in _standardised([weight * score + rest * random.gauss(0, 1) for score in driver])
    ]


def _standardised(values: Sequence[float]) -> list[float]:
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    return [(value - mean) / deviation for value in values]


def _level(value: float) -> int:
    return max(-2, min(2, round(value / 1.5)))


def _patient(random: Random, number: int, score: float) -> Patient:
    """A patient whose time to death is drawn from a Weibull distribution with the hazard of the score."""
    hazard = _HAZARD_RATIO**score
    death = max(1, round(_SCALE_DAYS * (-math.log(1 - random.random()) / hazard) ** (1 / _SHAPE)))
    contact = random.randint(300, 3000)
    progression = max(1, round(death * (0.35 + 0.6 * random.random())))
    return Patient(
        barcode=f"TCGA-SM-A{number:03d}",
        age=random.randint(38, 86),
        sex=random.choice(("female", "male")),
        race=random.choice(("WHITE", "ASIAN", "BLACK OR AFRICAN AMERICAN", "[Not Available]")),
        stage=random.choice(_STAGES),
        year=random.randint(1998, 2013),
        os_days=min(death, contact),
        os_event=int(death <= contact),
        pfi_days=min(progression, contact),
        pfi_event=int(progression <= contact),
    )
