"""How well a network describes samples that it was not learned from, against simpler densities and chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.assessment.plan import PLAN
from analytics.bayesian_networks.curves.fit import FitOptions, fit
from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.common.evidence import alone, paired
from analytics.common.splits import Fold, holdout
from warehouse.progress import SILENT, Progress
from warehouse.results.evidence import Evidence

__all__ = ["LEAST", "assess", "learn_or_take"]

Floats = NDArray[np.float64]
Learn = Callable[[Prepared], Network]

#: Patients (pairs, strata, samples) without which nothing is measured: a quarter of fewer says too little.
LEAST = 40

#: What bounds the time: more are left out at random.
_MOST_SAMPLES = 500
_MOST_VALUES = 25_000
_SHARE = 0.25


def assess(
    prepared: Prepared,
    apart: Sequence[str],
    learn: Learn,
    fitting: FitOptions,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Evidence:
    """Measure it.

    Args:
        prepared: all samples.
        apart: for each sample what must not stand on both sides, such as its patient.
        learn: gives the network of a training set.
        fitting: how its curves are fitted.
        seed: fixes the choice of variables and samples, the split and the permuted control.
        progress: told of both networks.
    """
    random = np.random.default_rng(seed)
    rows = _some(len(prepared.z), _MOST_SAMPLES, random)
    groups = np.asarray(apart)[rows]
    count = len(np.unique(groups))
    if count < LEAST:
        reason = f"There are {count} patients, pairs, strata or samples to divide; a held-out part needs {LEAST}."
        return Evidence(PLAN, reason=reason)
    chosen = _columns(prepared.with_rows(rows), random)
    fold = holdout(groups, share=_SHARE, seed=seed)
    with progress.task("held-out samples", total=2, unit="networks") as task:
        model = _gain(chosen, fold, learn, fitting)
        task.advance()
        control = None if model is None else _gain(_permuted(chosen, fold, random), fold, learn, fitting)
        task.advance()
    if model is None or control is None:
        return Evidence(PLAN, reason="The network has cycles, so that its likelihood is not defined.")
    return Evidence(
        PLAN,
        paired(
            _mean,
            (model, np.zeros(len(model)), _shrunken(chosen, fold)),
            permuted=alone(_mean, control, groups=groups[fold.test], seed=seed),
            tested=f"{len(fold.test)} held-out of {len(rows)} samples ({count} kept apart), "
            f"{len(chosen.columns)} of {len(prepared.columns)} variables",
            controls=1,
            seed=seed,
            groups=groups[fold.test],
        ),
    )


def learn_or_take(given: Network | None, options: LearningOptions, training: Prepared) -> Network:
    """The network of a training set: learned, or what a given one has between its columns."""
    from analytics.bayesian_networks.search.learn import learn

    if given is None:
        return learn(training, options)
    place = {name: number for number, name in enumerate(training.columns)}
    edges = [(parent, child) for parent, child in given.edges() if parent in place and child in place]
    return Network.of_names(training.columns, edges)


def _mean(values: Floats) -> float:
    return float(values.mean())


def _some(count: int, most: int, random: np.random.Generator) -> NDArray[np.intp]:
    return np.arange(count) if count <= most else np.sort(random.choice(count, most, replace=False))


def _columns(prepared: Prepared, random: np.random.Generator) -> Prepared:
    """Some of the columns; those of one variable stay together."""
    variables = np.unique(prepared.origin)
    kept = np.isin(prepared.origin, variables[_some(len(variables), _MOST_VALUES // len(prepared.z), random)])
    return replace(
        prepared,
        z=np.asfortranarray(prepared.z[:, kept]),
        imputed=np.asfortranarray(prepared.imputed[:, kept]),
        mean=prepared.mean[kept],
        scale=prepared.scale[kept],
        columns=tuple(name for name, keep in zip(prepared.columns, kept, strict=True) if keep),
        tiers=prepared.tiers[kept],
        origin=prepared.origin[kept],
    )


def _permuted(prepared: Prepared, fold: Fold, random: np.random.Generator) -> Prepared:
    """Every variable in an order of samples of its own, within the training part and within the held-out one."""
    z = prepared.z.copy(order="F")
    for variable in np.unique(prepared.origin):
        columns = np.flatnonzero(prepared.origin == variable)
        for side in (fold.train, fold.test):
            z[np.ix_(side, columns)] = prepared.z[np.ix_(random.permutation(side), columns)]
    return replace(prepared, z=z)


def _parts(prepared: Prepared, fold: Fold) -> tuple[Prepared, Floats]:
    """The training set, and the held-out samples standardised as it is (samples x columns)."""
    training = prepared.with_rows(fold.train)
    kept = np.isin(np.array(prepared.columns), np.array(training.columns))
    z = prepared.z[np.ix_(fold.train, kept)]
    return training, (prepared.z[np.ix_(fold.test, kept)] - z.mean(axis=0)) / z.std(axis=0)


def _gain(prepared: Prepared, fold: Fold, learn: Learn, fitting: FitOptions) -> Floats | None:
    """For each held-out sample the log-likelihood for a variable above that of independence; None with cycles."""
    training, test = _parts(prepared, fold)
    network = learn(training)
    if not network.is_acyclic():
        return None
    if not network.count:
        return np.zeros(len(test))
    fitted = fit(training, network, fitting)
    rest = fitted.residuals(test).T / training.scale
    sigma = np.maximum(fitted.sigma / training.scale, 1e-6)
    # A variable without parents is the same under both.
    return np.asarray((test**2 - (rest / sigma) ** 2 - 2 * np.log(sigma)).mean(axis=1) / 2)


def _shrunken(prepared: Prepared, fold: Fold) -> Floats:
    """The same of a multivariate normal distribution."""
    from sklearn.covariance import LedoitWolf

    training, test = _parts(prepared, fold)
    density = LedoitWolf(assume_centered=True).fit(training.z)
    _sign, volume = np.linalg.slogdet(density.covariance_)
    return np.asarray(((test**2).sum(axis=1) - density.mahalanobis(test) - volume) / (2 * test.shape[1]))
