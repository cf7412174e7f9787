"""From a user's words to groups: a column, two of its values, a cut of a number, a mutation, an expression quantile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from analytics.bayesian_networks.data.dataset import Dataset, Kind, named
from warehouse.errors import AnalysisError

__all__ = ["groups_of_column", "quantile_groups", "strata_of_names", "with_attributes"]

#: Attributes into which no edge leads, whatever else is known.
_ROOTS = {"age", "sex", "gender", "race", "ethnicity", "birth"}

#: More distinct numbers than this are a measurement, fewer may be a code.
_MOST_CODES = 5


def groups_of_column(column: str, values: Mapping[str, str], wanted: Sequence[str] = ()) -> dict[str, list[str]]:
    """Samples by the value of a column; a number with many values is cut at its median.

    Args:
        column: its name, for messages.
        values: of each sample that has one.
        wanted: the values that become groups, in this order; none = all.

    Raises:
        AnalysisError: no values, the same in all samples, numbers with odd texts among them, or a wanted value that
            does not occur.
    """
    if not values:
        raise AnalysisError(f"{column!r} has no value in any sample of the matrix.")
    if not wanted:
        _verify_comparable(column, values)
    if not wanted and len(set(values.values())) > _MOST_CODES and all(map(_is_number, values.values())):
        return _cut(column, {sample: float(value) for sample, value in values.items()})
    found = sorted(set(values.values()), key=_by_number)
    missing = [value for value in wanted if value not in found]
    if missing:
        raise AnalysisError(f"{column!r} has no value {named(missing)}.", f"Values: {named(found)}.")
    return {value: [sample for sample, own in values.items() if own == value] for value in wanted or found}


def _verify_comparable(column: str, values: Mapping[str, str]) -> None:
    """Refuse a column whose values are all alike, or numbers among which stand texts, such as `>89` among ages."""
    _verify_numbers(column, values)
    found = set(values.values())
    if len(found) == 1:
        raise AnalysisError(
            f"{column!r} is {found.pop()} in all {len(values)} samples that have a value.",
            "A comparison needs two groups.",
        )


def _verify_numbers(column: str, values: Mapping[str, str]) -> None:
    numbers = {value for value in values.values() if _is_number(value)}
    texts = sorted(set(values.values()) - numbers)
    if texts and len(numbers) > _MOST_CODES:
        raise AnalysisError(
            f"{column!r} holds {len(numbers)} different numbers and also {named(texts)}.",
            "Neither numbers nor categories: write a number in these cells, or leave them empty (NA).",
        )


def _cut(column: str, values: Mapping[str, float]) -> dict[str, list[str]]:
    middle = float(np.median(list(values.values())))
    return {
        f"{column} up to {middle:g}": [sample for sample, value in values.items() if value <= middle],
        f"{column} above {middle:g}": [sample for sample, value in values.items() if value > middle],
    }


def quantile_groups(name: str, values: Mapping[str, float], share: float = 0.25) -> dict[str, list[str]]:
    """The samples with the lowest and the highest values of something, such as a gene.

    Args:
        name: of what is measured.
        values: of each sample.
        share: of the samples in each group, above 0 and up to 0.5.

    Raises:
        AnalysisError: a share out of range, or equal values on both sides of it (a gene that is 0 in most samples).
    """
    if not 0 < share <= 0.5:
        raise AnalysisError(f"A share of {share:g} of the samples: give more than 0 and at most 0.5.")
    # Equal values: by name, so that the groups do not depend on the order of rows.
    ordered = sorted(values, key=lambda sample: (values[sample], sample))
    count = max(1, int(len(ordered) * share))
    if len(ordered) > 1 and values[ordered[count - 1]] == values[ordered[-count]]:
        same = sum(value == values[ordered[-count]] for value in values.values())
        raise AnalysisError(
            f"{name} is {values[ordered[-count]]:g} in {same} of {len(ordered)} samples: its lowest and highest "
            f"{share:g} of the samples cannot be told apart.",
            "Choose another gene, a smaller share (expression:GENE:0.1), or groups of your own (--sample-table).",
        )
    return {f"{name} low": ordered[:count], f"{name} high": ordered[-count:]}


def strata_of_names(pattern: str, samples: Sequence[str]) -> dict[str, str]:
    """The stratum of each sample by a regular expression with one group: `(\\d+)_` finds the patient in `190_56`.

    Raises:
        AnalysisError: the expression is wrong, or does not match a sample.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise AnalysisError(f"{pattern!r} is no regular expression: {error}.") from error
    if compiled.groups != 1:
        raise AnalysisError(f"{pattern!r} has {compiled.groups} groups: put the stratum in one pair of parentheses.")
    found = {sample: compiled.search(sample) for sample in samples}
    missing = [sample for sample, match in found.items() if match is None]
    if missing:
        raise AnalysisError(f"{pattern!r} does not match the samples {named(missing)}.")
    return {sample: match.group(1) for sample, match in found.items() if match is not None}


def with_attributes(dataset: Dataset, attributes: Mapping[str, Mapping[str, str]], tiers: Mapping[str, int]) -> Dataset:
    """The data with clinical attributes as further variables.

    Numbers are continuous, two values binary, others categories. Age, sex and the like are of tier 0: nothing points
    into them. Every other attribute is of tier 2: genes may point into it, it does not point into genes.

    Args:
        dataset: samples x genes.
        attributes: for each, the value of every sample that has one.
        tiers: of the attributes whose tier is another.

    Raises:
        AnalysisError: an attribute is numbers with odd texts among them.
    """
    columns, kinds, levels = [], dict(zip(dataset.variables, dataset.kinds, strict=True)), dict(dataset.levels)
    for name, values in attributes.items():
        _verify_numbers(name, values)
        column, kind, names = _column(values, dataset.samples)
        columns.append(column)
        kinds[name] = kind
        if names:
            levels[name] = names
    own = dict(zip(dataset.variables, dataset.tiers.tolist(), strict=True))
    default = {name: 0 if _ROOTS & set(re.split("[^a-z]+", name.lower())) else 2 for name in attributes}
    return Dataset.of(
        np.column_stack([dataset.values, *columns]) if columns else dataset.values,
        (*dataset.variables, *attributes),
        dataset.samples,
        kinds=kinds,
        tiers={**own, **default, **tiers},
        levels=levels,
    )


def _column(values: Mapping[str, str], samples: Sequence[str]) -> tuple[np.ndarray, Kind, tuple[str, ...]]:
    found = sorted(set(values.values()), key=_by_number)
    if all(map(_is_number, found)):
        kind = Kind.BINARY if len(found) == 2 else Kind.CONTINUOUS
        return np.array([float(values.get(sample, "nan")) for sample in samples]), kind, ()
    code = {value: float(number) for number, value in enumerate(found)}
    column = np.array([code[values[sample]] if sample in values else np.nan for sample in samples])
    return column, Kind.CATEGORICAL, tuple(found)


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _by_number(text: str) -> tuple[int, float, str]:
    return (0, float(text), text) if _is_number(text) else (1, 0.0, text)
