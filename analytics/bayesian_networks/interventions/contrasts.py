"""What single-target experiments say directly: contrasts, as evidence for edges and as a correction of simulations.

A knock-out of k that moves j is evidence that k is above j, and one that does not is evidence against it: this is what
association cannot tell. The change of every variable for one unit of each target is a regression through the reference
level over all rows in which that target alone was set (knock-outs and knock-downs together). Most targets move few
variables, so the standardised changes are a mixture of N(0, 1) and N(0, 1 + τ²), fitted to all pairs by expectation
maximisation (empirical Bayes, Efron 2010): it gives each pair a Bayes factor, and each measured change the share of it
that is believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Prepared
from warehouse.errors import AnalysisError

__all__ = ["Contrasts", "contrasts_of"]

Floats = NDArray[np.float64]

#: The fewest rows that noise and reference level are estimated from.
FEWEST_REFERENCES = 5

#: The median absolute deviation of a standard normal variable.
_MAD = 0.6744897501960817

#: A target that was moved by less, in standard deviations, was not set to anything.
_SMALLEST_SHIFT = 0.05

#: What an edge of no network weighs beside one of all networks.
_OF_NO_NETWORK = 1e-3

#: Steps of expectation maximisation, and the change of the share of moved pairs below which it ends.
_STEPS, _SETTLED = 500, 1e-8


class Mixture(NamedTuple):
    """Standardised changes: a share is N(0, 1 + excess), the rest N(0, 1)."""

    share: float
    excess: float

    def log_bayes_factors(self, z: Floats) -> Floats:
        """Log odds that a change is none of noise, before the share of such changes is considered."""
        return np.asarray(0.5 * (z**2 * self.believed - np.log1p(self.excess)))

    @property
    def believed(self) -> float:
        """The share of a change that is believed where there is one."""
        return self.excess / (1 + self.excess)

    def probability(self, z: Floats) -> Floats:
        """The posterior probability that a change is none of noise."""
        from scipy.special import expit

        return np.asarray(expit(self.log_bayes_factors(z) + np.log(self.share) - np.log1p(-self.share)))

    def shrinkage(self, z: Floats) -> Floats:
        """The share of each change that is believed (posterior mean over measured change)."""
        return self.probability(z) * self.believed


@dataclass(frozen=True)
class Contrasts:
    """The change of every variable for one unit of each target, all standardised.

    Args:
        variables: names of the columns.
        targets: int32, the columns that were set, ascending.
        level: of each target in the reference rows.
        slope: targets x variables; 0 at the target itself.
        error: the standard error of each slope.
    """

    variables: tuple[str, ...]
    targets: NDArray[np.int32]
    level: Floats
    slope: Floats
    error: Floats

    @property
    def z(self) -> Floats:
        """Standardised changes (targets x variables)."""
        return np.asarray(self.slope / self.error)

    def evidence(self) -> Floats:
        """Log Bayes factors that a target is above a variable (targets x variables); 0 at the target itself."""
        z = self.z
        found = mixture_of(z[self._free]).log_bayes_factors(z)
        return np.where(self._free, found, 0.0)

    def support(self, frequency: Floats) -> Floats:
        """Edge frequencies times the probability that the parent, knocked out alone, moves the child at all.

        An edge that many resampled networks hold but no experiment shows is supported less than one that both do. Pairs
        that no network holds follow, by that probability alone.

        Args:
            frequency: parents x children, 0 to 1.
        """
        moved = np.ones_like(frequency)
        moved[self.targets] = mixture_of(self.z[self._free]).probability(self.z)
        return (frequency + _OF_NO_NETWORK * moved) * moved / (1 + _OF_NO_NETWORK)

    @property
    def digest(self) -> str:
        """What tells these contrasts from others: checkpoints belong to them."""
        parts = (self.targets, self.level, self.slope, self.error)
        return sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()

    def drawn(self, random: np.random.Generator) -> Contrasts:
        """The contrasts that another experiment might have given: for resampled networks."""
        noise = random.standard_normal(self.slope.shape) * self.error
        return replace(self, slope=np.where(self._free, self.slope + noise, 0.0))

    def correction(self, simulated: Floats, shift: Floats) -> Floats:
        """What is to be added to simulated changes, by what was measured and simulation missed.

        Args:
            simulated: targets x variables, standardised, each target moved by `shift`.
            shift: of each target.
        """
        missed = self.slope * shift[:, None] - simulated
        z = missed / np.maximum(self.error * np.abs(shift)[:, None], 1e-12)
        return np.where(self._free, missed * mixture_of(z[self._free]).shrinkage(z), 0.0)

    def over(self, columns: tuple[str, ...]) -> Contrasts:
        """The same contrasts for some of the variables, in their order: where a resample has lost constant columns."""
        place = {name: number for number, name in enumerate(columns)}
        targets = [place.get(self.variables[target], -1) for target in self.targets.tolist()]
        rows = np.flatnonzero(np.array(targets) >= 0)
        kept = np.array([self.variables.index(name) for name in columns], np.intp)
        found = np.array(targets, np.int32)[rows]
        return Contrasts(columns, found, self.level[rows], self.slope[rows][:, kept], self.error[rows][:, kept])

    def of(self, rows: NDArray[np.intp]) -> Contrasts:
        """The contrasts of these targets (rows of `slope`), in this order."""
        parts = self.targets[rows], self.level[rows], self.slope[rows], self.error[rows]
        return Contrasts(self.variables, *parts)

    @property
    def _free(self) -> NDArray[np.bool_]:
        return np.asarray(np.arange(len(self.variables)) != self.targets[:, None])


def mixture_of(z: Floats) -> Mixture:
    """Fit the mixture to standardised changes, by expectation maximisation."""
    share, excess = 0.1, max(float((z**2).mean()) - 1, 1.0) / 0.1
    for _ in range(_STEPS):
        heights = [(1 - share) * np.exp(-0.5 * z**2), share * np.exp(-0.5 * z**2 / (1 + excess)) / np.sqrt(1 + excess)]
        moved = heights[1] / np.maximum(heights[0] + heights[1], 1e-300)
        before = share
        share = float(np.clip(moved.mean(), 1e-6, 1 - 1e-6))
        excess = max(float((moved * z**2).sum() / max(moved.sum(), 1e-300)) - 1, 1e-3)
        if abs(share - before) < _SETTLED:
            break
    return Mixture(share, excess)


def contrasts_of(
    prepared: Prepared, intervened: NDArray[np.bool_], references: NDArray[np.intp] | None = None
) -> Contrasts:
    """Measure contrasts from the rows in which exactly one variable was set.

    Noise and reference level of a variable are robust: median and median absolute deviation over the reference rows in
    which it was not set itself. As most interventions leave most variables alone, the experiments may be their own
    references.

    Args:
        prepared: the data.
        intervened: samples x columns, where a value was set.
        references: rows that are comparable with the experiments; None = the rows with one variable set or none.

    Raises:
        AnalysisError: a mask of another shape, no row with exactly one variable set, or too few references.
    """
    if intervened.shape != prepared.z.shape:
        raise AnalysisError(f"The mask of what was set is {intervened.shape}; the data are {prepared.z.shape}.")
    count = intervened.sum(axis=1)
    rows = np.flatnonzero(count == 1)
    if not len(rows):
        raise AnalysisError("No sample in which exactly one variable was set: there is no contrast.")
    chosen = np.flatnonzero(count <= 1) if references is None else np.asarray(references)
    if len(chosen) < FEWEST_REFERENCES:
        raise AnalysisError(f"{len(chosen)} reference samples; noise is estimated from at least {FEWEST_REFERENCES}.")
    middle, noise = _reference(prepared.z[chosen], intervened[chosen])
    return _slopes(prepared, intervened, rows, middle, noise)


def _reference(z: Floats, was_set: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Level and noise of each column."""
    free = np.where(was_set, np.nan, z)
    if (np.isfinite(free).sum(axis=0) < FEWEST_REFERENCES).any():
        free = z
    middle = np.nanmedian(free, axis=0)
    noise = np.nanmedian(np.abs(free - middle), axis=0) / _MAD
    # A column of which half the values are equal has no such deviation.
    return middle, np.where(noise > 0, noise, np.nanstd(free, axis=0))


def _slopes(
    prepared: Prepared, intervened: NDArray[np.bool_], rows: NDArray[np.intp], middle: Floats, noise: Floats
) -> Contrasts:
    which = intervened[rows].argmax(axis=1)
    change = prepared.z[rows] - middle
    shift = change[np.arange(len(rows)), which]
    targets = np.unique(which[np.abs(shift) > _SMALLEST_SHIFT])
    if not len(targets):
        raise AnalysisError("No intervention moved its own variable away from the reference: there is no contrast.")
    slope = np.empty((len(targets), change.shape[1]))
    error = np.empty_like(slope)
    for number, target in enumerate(targets):
        own = which == target
        weight = float(shift[own] @ shift[own])
        slope[number] = shift[own] @ change[own] / weight
        error[number] = np.maximum(noise, 1e-9) / np.sqrt(weight)
        slope[number, target] = 0.0
    return Contrasts(prepared.columns, targets.astype(np.int32), middle[targets], slope, error)
