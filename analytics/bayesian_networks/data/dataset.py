"""The table that a network is learned from, checked, and the standardised columns that the learner reads.

A `Dataset` is what was measured: samples x variables, each variable with a kind and a tier. `prepare` makes of it the
matrix that learning works on: transformed, filled in, categories as indicators, standardised. What was left out, and
why, stays in the result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.spread import Skew, limit_outliers, skew_of, skewness
from warehouse.errors import AnalysisError

__all__ = ["Dataset", "Kind", "Prepared", "prepare"]

FloatMatrix = NDArray[np.float64]

NAMED_AT_MOST = 10  # names in a message

#: A column with a greater skewness is named in the notes of a run.
STRONGLY_SKEWED = 2.0


class Kind(StrEnum):
    """What the values of a variable are."""

    CONTINUOUS = "continuous"
    ORDINAL = "ordinal"
    BINARY = "binary"
    CATEGORICAL = "categorical"


@dataclass(frozen=True)
class Dataset:
    """Samples x variables, as measured. Made by `Dataset.of`, which checks it.

    Args:
        values: float64, samples x variables; NaN = missing; categories as codes 0, 1, ...
        variables: their names, unique.
        samples: their names, unique.
        kinds: the kind of each variable.
        tiers: int16; an edge k -> j is allowed iff `tiers[k] <= tiers[j]` and `tiers[j] > 0`. Tier 0 holds roots such
            as age and sex, into which nothing points; everything else is tier 1 unless it is said otherwise.
        levels: the names of the codes of categorical variables; codes that are not named are shown as numbers.
    """

    values: FloatMatrix
    variables: tuple[str, ...]
    samples: tuple[str, ...]
    kinds: tuple[Kind, ...]
    tiers: NDArray[np.int16]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        values: Any,
        variables: Sequence[str] | None = None,
        samples: Sequence[str] | None = None,
        *,
        kinds: Mapping[str, Kind | str] | None = None,
        tiers: Mapping[str, int] | None = None,
        levels: Mapping[str, Sequence[str]] | None = None,
        drop_unusable: bool = False,
    ) -> Dataset:
        """Check a table and wrap it.

        Args:
            values: numbers, samples x variables; NaN = missing.
            variables: their names; `x0`, `x1`, ... if not given.
            samples: their names; `s0`, `s1`, ... if not given.
            kinds: of the variables that are not continuous.
            tiers: of the variables that are not of tier 1.
            levels: names of the codes of categorical variables.
            drop_unusable: leave constant and all-missing variables out instead of refusing them.

        Raises:
            AnalysisError: shapes that do not fit, names that occur twice, values that are no numbers, variables that
                are constant or all missing, kinds or tiers of unknown variables.

        Example:
            >>> Dataset.of([[0.0, 1.0], [2.0, 5.0]], ["TP53", "MDM2"]).variables
            ('TP53', 'MDM2')
        """
        table = _matrix(values)
        rows, columns = table.shape
        variables = tuple(variables) if variables is not None else tuple(f"x{i}" for i in range(columns))
        samples = tuple(samples) if samples is not None else tuple(f"s{i}" for i in range(rows))
        _check_names(table, variables, samples)
        kind_of = {name: Kind(kind) for name, kind in (kinds or {}).items()}
        tier_of = dict(tiers or {})
        _check_known("kinds", kind_of, variables)
        _check_known("tiers", tier_of, variables)
        dataset = cls(
            table,
            variables,
            samples,
            tuple(kind_of.get(name, Kind.CONTINUOUS) for name in variables),
            np.array([tier_of.get(name, 1) for name in variables], np.int16),
            {name: tuple(names) for name, names in (levels or {}).items()},
        )
        return dataset._usable(drop_unusable)

    def _usable(self, drop: bool) -> Dataset:
        missing = np.isnan(self.values).all(axis=0)
        with np.errstate(all="ignore"):
            low = np.fmin.reduce(self.values, axis=0)
            constant = ~missing & (low == np.fmax.reduce(self.values, axis=0))
        if drop:
            return self.with_variables(np.flatnonzero(~missing & ~constant)) if (missing | constant).any() else self
        for mask, what in ((missing, "no value at all"), (constant, "one and the same value in all samples")):
            if mask.any():
                names = named([self.variables[i] for i in np.flatnonzero(mask)])
                hint = "Leave them out: `--drop-unusable`, in Python `drop_unusable=True`."
                raise AnalysisError(f"Variables with {what}: {names}.", hint)
        return self

    def with_variables(self, columns: NDArray[np.intp]) -> Dataset:
        """The same samples, these variables in this order."""
        return replace(
            self,
            values=np.ascontiguousarray(self.values[:, columns]),
            variables=tuple(self.variables[i] for i in columns),
            kinds=tuple(self.kinds[i] for i in columns),
            tiers=self.tiers[columns],
        )

    def with_samples(self, rows: NDArray[np.intp]) -> Dataset:
        """The same variables, these samples in this order; variables that are constant in them are refused."""
        chosen = replace(
            self, values=np.ascontiguousarray(self.values[rows]), samples=tuple(self.samples[i] for i in rows)
        )
        return chosen._usable(False)


@dataclass(frozen=True)
class Prepared:
    """The columns that are learned on.

    Args:
        dataset: where they come from.
        z: float64, Fortran-ordered, samples x columns; mean 0, standard deviation 1 (divisor n), nothing missing.
        imputed: bool, as `z`: where a missing value was filled in.
        mean: of each column, in the units of the data after their transformation (log2, quantiles).
        scale: the standard deviation of each column, in the same units.
        columns: their names: the variable's own, or `stage=III` for the indicator of a category.
        tiers: int16, of each column.
        origin: the index of the variable in `dataset` that each column comes from; columns of one variable may not be
            parents of one another.
        dropped: what was left out: name and reason.
        limited: how many values were moved nearer to the median because they were outliers.
        log2: whether log2(x + 1) was taken of the measured values.
        skew: what the measured values looked like before.
        skewed: continuous columns that are strongly skewed after all that.
    """

    dataset: Dataset
    z: FloatMatrix
    imputed: NDArray[np.bool_]
    mean: FloatMatrix
    scale: FloatMatrix
    columns: tuple[str, ...]
    tiers: NDArray[np.int16]
    origin: NDArray[np.int32]
    dropped: Mapping[str, str]
    limited: int = 0
    log2: bool = False
    skew: Skew | None = None
    skewed: tuple[str, ...] = ()

    def with_rows(self, rows: NDArray[np.intp]) -> Prepared:
        """The columns on these rows, which may repeat (a bootstrap replicate), standardised anew.

        Columns that are constant in these rows are left out.
        """
        z, imputed = self.z[rows], self.imputed[rows]
        mean, scale = z.mean(axis=0), z.std(axis=0)
        kept = np.flatnonzero(scale > 1e-9)
        constant = {name: "constant in these rows" for i, name in enumerate(self.columns) if not scale[i] > 1e-9}
        return replace(
            self,
            z=np.asfortranarray((z[:, kept] - mean[kept]) / scale[kept]),
            imputed=np.asfortranarray(imputed[:, kept]),
            mean=self.mean[kept] + self.scale[kept] * mean[kept],
            scale=self.scale[kept] * scale[kept],
            columns=tuple(self.columns[i] for i in kept),
            tiers=self.tiers[kept],
            origin=self.origin[kept],
            dropped={**self.dropped, **constant},
        )


def prepare(
    dataset: Dataset,
    *,
    log2: bool | None = False,
    maximum_missing: float = 0.2,
    quantile_normalise: bool = False,
    outlier_distance: float | None = None,
    minimum_variance: float = 1e-8,
) -> Prepared:
    """Transform, fill in, expand and standardise.

    Args:
        dataset: the table.
        log2: take log2(x + 1) of the continuous variables of tier 1, which were measured; None = if they look like
            counts or other amounts (`spread.Skew`).
        maximum_missing: a variable with a greater share of missing values is dropped.
        quantile_normalise: give the continuous part of every sample the same distribution of values.
        outlier_distance: continuous values farther from the median, in quartile distances, are moved there (5 are 6.7
            standard deviations of a normal variable); None = none. One wild value can make the curve of an edge. It
            holds for every variable (`spread.limit_outliers`); one whose values are equal but for single samples is
            dropped.
        minimum_variance: a column with a smaller variance, after the transformation, is dropped.

    Raises:
        AnalysisError: negative values under log2, or fewer than two columns are left.

    Example:
        >>> prepared = prepare(Dataset.of([[1.0, 4.0], [2.0, 2.0], [3.0, 3.5]], ["TP53", "MDM2"]))
        >>> prepared.columns, prepared.z[:, 0].round(3).tolist()
        (('TP53', 'MDM2'), [-1.225, 0.0, 1.225])
    """
    values = dataset.values.copy(order="F")
    continuous = np.array([kind is Kind.CONTINUOUS for kind in dataset.kinds])
    dropped: dict[str, str] = {}
    kept = _enough_values(dataset, maximum_missing, dropped)
    measured = continuous & kept & (dataset.tiers == 1)
    skew = skew_of(values[:, measured])
    log2 = skew.asks_for_log if log2 is None else log2
    if log2:
        _take_log2(values, measured, dataset.variables)
    missing = np.isnan(values)
    _fill(values, missing, dataset.kinds, kept)
    if quantile_normalise:
        _quantile_normalise(values, np.flatnonzero(continuous & kept))
    limited = 0
    if outlier_distance is not None:
        limited = _limit(dataset, values, continuous & kept, outlier_distance, dropped)
        kept &= np.array([name not in dropped for name in dataset.variables])
    prepared = _standardise(dataset, _expand(dataset, values, kept), missing, minimum_variance, dropped)
    asymmetric = continuous[prepared.origin] & (np.abs(skewness(prepared.z)) > STRONGLY_SKEWED)
    skewed = tuple(prepared.columns[i] for i in np.flatnonzero(asymmetric))
    return replace(prepared, limited=limited, log2=log2, skew=skew, skewed=skewed)


def _enough_values(dataset: Dataset, maximum_missing: float, dropped: dict[str, str]) -> NDArray[np.bool_]:
    share = np.isnan(dataset.values).mean(axis=0)
    for i in np.flatnonzero(share > maximum_missing):
        dropped[dataset.variables[i]] = f"{share[i]:.0%} of its values are missing"
    return np.asarray(share <= maximum_missing)


def _take_log2(values: FloatMatrix, columns: NDArray[np.bool_], names: tuple[str, ...]) -> None:
    negative = columns & (np.fmin.reduce(values, axis=0) < 0)
    if negative.any():
        raise AnalysisError(
            f"log2(x + 1) of negative values in {named([names[i] for i in np.flatnonzero(negative)])}.",
            "The values seem to be on a log scale already: leave log2 out.",
        )
    values[:, columns] = np.log2(values[:, columns] + 1.0)


def _fill(values: FloatMatrix, missing: NDArray[np.bool_], kinds: tuple[Kind, ...], kept: NDArray[np.bool_]) -> None:
    """Missing values become the median, of codes the most frequent one (of equally frequent ones the smallest)."""
    for i in np.flatnonzero(missing.any(axis=0) & kept):
        present = values[~missing[:, i], i]
        if kinds[i] in {Kind.CATEGORICAL, Kind.BINARY}:
            codes, counts = np.unique(present, return_counts=True)
            values[missing[:, i], i] = codes[counts.argmax()]
        else:
            values[missing[:, i], i] = np.median(present)


def _quantile_normalise(values: FloatMatrix, columns: NDArray[np.intp]) -> None:
    part = values[:, columns]
    order = part.argsort(axis=1, kind="stable")
    reference = np.take_along_axis(part, order, axis=1).mean(axis=0)
    np.put_along_axis(part, order, np.broadcast_to(reference, part.shape), axis=1)
    values[:, columns] = part


def _limit(
    dataset: Dataset, values: FloatMatrix, columns: NDArray[np.bool_], distance: float, dropped: dict[str, str]
) -> int:
    """Move outliers to the limit; gives how many. Variables that have no spread are dropped."""
    chosen = np.flatnonzero(columns)
    part = values[:, chosen]
    limited, heaped = limit_outliers(part, distance)
    for i in np.flatnonzero(heaped):
        differ = int((part[:, i] != np.median(part[:, i])).sum())
        dropped[dataset.variables[chosen[i]]] = f"all but {differ} of its {len(part)} values are equal"
    values[:, chosen] = np.where(heaped, part, limited)
    return int((values[:, chosen] != part).sum())


@dataclass
class _Columns:
    """Columns in the making: their names, values and variables."""

    names: list[str] = field(default_factory=list)
    values: list[FloatMatrix] = field(default_factory=list)
    origin: list[int] = field(default_factory=list)

    def add(self, name: str, values: FloatMatrix, variable: int) -> None:
        self.names.append(name)
        self.values.append(values)
        self.origin.append(variable)


def _expand(dataset: Dataset, values: FloatMatrix, kept: NDArray[np.bool_]) -> _Columns:
    """A category becomes indicators, one of two levels a single one."""
    columns = _Columns()
    for i in np.flatnonzero(kept):
        if dataset.kinds[i] is not Kind.CATEGORICAL:
            columns.add(dataset.variables[i], values[:, i], int(i))
        else:
            for name, indicator in _indicators(dataset, int(i), values[:, i]):
                columns.add(name, indicator, int(i))
    return columns


def _indicators(dataset: Dataset, variable: int, codes: FloatMatrix) -> list[tuple[str, FloatMatrix]]:
    name = dataset.variables[variable]
    levels = dataset.levels.get(name, ())
    present = np.unique(codes)
    # Two levels are one another's complement: a second indicator would say the same again.
    shown = present[1:] if present.size == 2 else present
    return [(f"{name}={_level(levels, code)}", (codes == code).astype(np.float64)) for code in shown]


def _level(levels: tuple[str, ...], code: float) -> str:
    return levels[int(code)] if float(code).is_integer() and 0 <= code < len(levels) else f"{code:g}"


def _standardise(
    dataset: Dataset,
    columns: _Columns,
    missing: NDArray[np.bool_],
    minimum_variance: float,
    dropped: dict[str, str],
) -> Prepared:
    table = np.column_stack(columns.values) if columns.values else np.empty((len(dataset.samples), 0))
    mean, scale = table.mean(axis=0), table.std(axis=0)
    varied = scale**2 >= minimum_variance
    for i in np.flatnonzero(~varied):
        dropped[columns.names[i]] = f"its variance is {scale[i] ** 2:.3g}"
    if varied.sum() < 2:
        reasons = [f"{name} ({why})" for name, why in dropped.items()]
        raise AnalysisError(
            f"{varied.sum()} usable columns of {len(dataset.variables)} variables: a network needs two.",
            f"Dropped: {named(reasons)}." if reasons else None,
        )
    index = np.flatnonzero(varied)
    origin = np.array(columns.origin, np.int32)[index]
    return Prepared(
        dataset,
        np.asfortranarray((table[:, index] - mean[index]) / scale[index]),
        np.asfortranarray(missing[:, origin]),
        mean[index],
        scale[index],
        tuple(columns.names[i] for i in index),
        dataset.tiers[origin],
        origin,
        dropped,
    )


def _matrix(values: Any) -> FloatMatrix:
    try:
        table = np.array(values, np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"The values are not all numbers: {error}.") from error
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 1:
        raise AnalysisError(f"A table of samples x variables with at least two samples is needed, not {table.shape}.")
    return table


def _check_names(table: FloatMatrix, variables: tuple[str, ...], samples: tuple[str, ...]) -> None:
    if table.shape != (len(samples), len(variables)):
        raise AnalysisError(
            f"The table is {table.shape[0]} x {table.shape[1]}, but {len(samples)} samples and "
            f"{len(variables)} variables are named.",
            "Rows are samples, columns are variables.",
        )
    for what, given in (("variables", variables), ("samples", samples)):
        twice = [name for name, count in Counter(given).items() if count > 1]
        if twice:
            raise AnalysisError(f"Names of {what} that occur more than once: {named(twice)}.", "Make them unique.")
    infinite = np.isinf(table).any(axis=0)
    if infinite.any():
        which = named([variables[i] for i in np.flatnonzero(infinite)])
        raise AnalysisError(f"Infinite values in {which}.", "A missing value is NaN.")


def _check_known(what: str, given: Mapping[str, Any], variables: tuple[str, ...]) -> None:
    unknown = sorted(set(given) - set(variables))
    if unknown:
        raise AnalysisError(f"The {what} name unknown variables: {named(unknown)}.")


def named(names: Sequence[str]) -> str:
    """A list for a message: the first ten names, and how many more."""
    more = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
