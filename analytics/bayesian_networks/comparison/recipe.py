"""The whole recipe: learn a network, fit it, compare groups or pairs of samples, and test what differs.

`compare` works on arrays alone and knows no warehouse; `analysis.py` reads its input and publishes its result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.comparison.ecv import ecv
from analytics.bayesian_networks.comparison.permutation import PermutationTest, permutation_test
from analytics.bayesian_networks.comparison.statistics import (
    Hubs,
    Intervals,
    Replicate,
    Specificity,
    bootstrap_intervals,
    hubs,
    specificity,
)
from analytics.bayesian_networks.comparison.subnetworks import (
    Subnetwork,
    common_network,
    group_network,
    missing_edges,
    pair_network,
)
from analytics.bayesian_networks.curves.fit import FitOptions, FittedNetwork, fit
from analytics.bayesian_networks.data.dataset import Dataset, Prepared, prepare
from analytics.bayesian_networks.data.groups import Contrast, Groups
from analytics.bayesian_networks.interventions.simulation import SimulationOptions, knock_downs, simulate_interventions
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.run_options import Link
from analytics.bayesian_networks.search.acyclic import without_cycles
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.common.counts import benjamini_hochberg
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress

__all__ = ["Compared", "ContrastResult", "PairResult", "RecipeOptions", "SamplePair", "compare", "held_out_r2"]

Floats = NDArray[np.float64]

#: The variables of a group's network that most of the difference goes out from.
HUBS = 10

#: Parts into which samples are divided for the held-out share of variance.
_FOLDS = 5


@dataclass(frozen=True)
class RecipeOptions:
    """Everything that is chosen about a comparison.

    Args:
        learning: how the network is learned.
        fitting: how its curves are fitted.
        log2, quantile_normalise, outlier_distance, maximum_missing: of the preparation (`dataset.prepare`); an
            outlier distance of 0 moves no value; log2 None = where the values look like counts or amounts.
        replicates: networks of the ensemble beside the one of all samples; 0 = none.
        least_frequency: edges of the ensemble that fewer of its networks hold are left out.
        permutations: relabellings of each test.
        significance: edges with a q-value up to this come before all others.
        top_percent, link: of a group's network (`subnetworks.group_network`).
        threshold, minimum_shift, same_sign: of the networks of pairs.
    """

    learning: LearningOptions = field(default_factory=LearningOptions)
    fitting: FitOptions = field(default_factory=FitOptions)
    log2: bool | None = None
    quantile_normalise: bool = False
    outlier_distance: float = 5.0
    maximum_missing: float = 0.2
    replicates: int = 0
    least_frequency: float = 0.5
    permutations: int = 1000
    significance: float = 0.05
    top_percent: float = 1.0
    link: Link = Link.INDUCED
    threshold: float = 1.0
    minimum_shift: float = 0.0
    same_sign: bool = False


@dataclass(frozen=True)
class SamplePair:
    """Two samples, or two sets of replicates, of one patient.

    Args:
        name: of the pair, such as the patient.
        before, after: rows of its samples; several are replicates and are averaged.
        responder: whether the patient responded; None = unknown.
    """

    name: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    responder: bool | None = None


@dataclass(frozen=True)
class ContrastResult:
    """One comparison of two groups.

    Args:
        contrast: the groups.
        test: of every edge; its q-values are corrected for all edges of all comparisons.
        significant: which edges pass the threshold.
        specificity: against the shift of the parents.
        intervals: from the ensemble; None without one.
        subnetwork: the strongest edges and what links them.
        hubs: of the subnetwork's edges.
    """

    contrast: Contrast
    test: PermutationTest
    significant: NDArray[np.bool_]
    specificity: Specificity
    intervals: Intervals | None
    subnetwork: Subnetwork
    hubs: Hubs


@dataclass(frozen=True)
class PairResult:
    """One pair: the signed difference of every edge, and its network."""

    pair: SamplePair
    difference: Floats
    subnetwork: Subnetwork


@dataclass(frozen=True)
class Compared:
    """What the recipe found.

    Args:
        fitted: the network with its curves.
        ensemble: how many networks its frequencies come from; 0 = a single network.
        mean_ecv: mean |ECv| of every edge.
        contrasts: the comparisons of groups.
        pairs: the comparisons of pairs.
        common: what the networks of all responders share; None without responders.
        missing: for each non-responder which of the common edges it lacks.
        held_out: share of variance that the network's curves explain in held-out samples.
        knock_down_effect: of each variable that is a hub of a comparison, by how much its simulated knock-down changes
            all others together, in standard deviations; NaN for the rest.
    """

    fitted: FittedNetwork
    ensemble: int
    mean_ecv: Floats
    contrasts: tuple[ContrastResult, ...]
    pairs: tuple[PairResult, ...]
    common: Subnetwork | None
    missing: Mapping[str, NDArray[np.bool_]]
    held_out: float
    knock_down_effect: Floats


def compare(
    dataset: Dataset,
    *,
    groups: Groups | None = None,
    contrasts: tuple[Contrast, ...] | None = None,
    pairs: tuple[SamplePair, ...] = (),
    network: Network | None = None,
    options: RecipeOptions = RecipeOptions(),
    seed: int = 0,
    workers: int | None = None,
    scheduler: str | None = None,
    checkpoint: Path | None = None,
    progress: Progress = SILENT,
) -> Compared:
    """Run the recipe.

    Args:
        dataset: samples x variables.
        groups: of samples, for strata and names.
        contrasts: which groups are compared; None = every pair of them.
        pairs: of samples; without groups, all `after` are compared with all `before`, within pairs.
        network: given edges over the variables; None = the network is learned.
        options: what is chosen.
        seed: fixes the result, whatever the number of workers.
        workers, scheduler: who learns the ensemble.
        checkpoint: a folder in which learning keeps what it has, for the next start after an interruption.
        progress: told of the work.

    Raises:
        AnalysisError: neither groups nor pairs, unusable data, or a network without edges.
    """
    if groups is None and not pairs:
        raise AnalysisError("Nothing to compare: give groups of samples, or pairs.")
    prepared = prepare(
        dataset,
        log2=options.log2,
        maximum_missing=options.maximum_missing,
        quantile_normalise=options.quantile_normalise,
        outlier_distance=options.outlier_distance or None,
    )
    resources = Learning(seed, workers, scheduler, checkpoint, progress)
    learned, replicates = (network, ()) if network is not None else resources.learn(prepared, options)
    if not learned.count:
        raise AnalysisError(
            "The network has no edges.", "More samples, more variables or a smaller edge penalty may find some."
        )
    fitted, values, held_out = _fit(prepared, learned, options.fitting, seed, progress)
    if groups is None:
        contrasts, strata = _before_and_after(pairs, len(dataset.samples))
    else:
        contrasts, strata = contrasts or groups.contrasts(), groups.strata
    compared = _contrasts(fitted, values, contrasts, strata, replicates, options, seed, progress)
    results, common, missing = _pairs(fitted, values, pairs, options)
    mean = np.abs(values).mean(axis=1, dtype=np.float64)
    effect = _knock_down_effect(fitted, compared, options, seed, progress)
    return Compared(fitted, len(replicates), mean, compared, results, common, missing, held_out, effect)


def _fit(
    prepared: Prepared, network: Network, options: FitOptions, seed: int, progress: Progress
) -> tuple[FittedNetwork, NDArray[np.floating], float]:
    """The fitted network, its edges' contributions, and the variance that it explains in samples held out."""
    with progress.task("fit curves", total=3) as task:
        fitted = fit(prepared, network, options)
        task.advance()
        values = ecv(fitted)
        task.advance()
        held_out = held_out_r2(fitted, options, seed)
        task.advance()
    return fitted, values, held_out


@dataclass(frozen=True)
class Learning:
    """Who learns, and where it is kept; none of it but the seed changes the result."""

    seed: int
    workers: int | None
    scheduler: str | None
    checkpoint: Path | None
    progress: Progress

    def learn(self, prepared: Prepared, options: RecipeOptions) -> tuple[Network, tuple[Replicate, ...]]:
        """The network of all samples; with replicates, the edges that enough of them hold."""
        from analytics.bayesian_networks.search.learn import learn

        if not options.replicates:
            found = learn(prepared, options.learning, self.progress, self._file("network"))
            # Only networks compiled from many have frequencies below 1.
            return found.with_frequency_at_least(options.least_frequency), ()
        from analytics.bayesian_networks.search.ensemble import Resampling, learn_ensemble

        ensemble = learn_ensemble(
            prepared,
            # One process uses all cores for one network; several share them.
            options.learning if (self.workers or 1) == 1 else replace(options.learning, threads=None),
            options.replicates,
            seed=self.seed,
            processes=self.workers or 1,
            scheduler=self.scheduler,
            progress=self.progress,
            checkpoint=self._file("replicates"),
        )
        frequencies = ensemble.frequencies
        kept = frequencies.with_frequency_at_least(options.least_frequency)
        if not kept.count:
            raise AnalysisError(
                f"No edge is in {options.least_frequency:.0%} of {options.replicates} networks.",
                f"The most frequent is in {frequencies.frequency.max(initial=0):.0%}: lower --least-frequency.",
            )
        rows = [Resampling(self.seed).rows(len(prepared.z), number) for number in range(options.replicates)]
        return kept, tuple(Replicate(network, own) for network, own in zip(ensemble.networks, rows, strict=True))

    def _file(self, name: str) -> Path | None:
        return None if self.checkpoint is None else self.checkpoint / name


def _before_and_after(
    pairs: tuple[SamplePair, ...], samples: int
) -> tuple[tuple[Contrast, ...], NDArray[np.intp] | None]:
    """All `after` against all `before`, exchanged within pairs; nothing where a single pair leaves no test."""
    strata = np.full(samples, -1, np.intp)
    for number, pair in enumerate(pairs):
        strata[[*pair.before, *pair.after]] = number
    first = np.array(sorted(row for pair in pairs for row in pair.before), np.intp)
    second = np.array(sorted(row for pair in pairs for row in pair.after), np.intp)
    if len(pairs) < 2:
        return (), None
    return (Contrast("after against before", first, second),), strata


def _contrasts(
    fitted: FittedNetwork,
    values: NDArray[np.floating],
    contrasts: tuple[Contrast, ...],
    strata: NDArray[np.intp] | None,
    replicates: tuple[Replicate, ...],
    options: RecipeOptions,
    seed: int,
    progress: Progress,
) -> tuple[ContrastResult, ...]:
    if not contrasts:
        return ()
    tests = [
        permutation_test(values, one.first, one.second, permutations=options.permutations, strata=strata, seed=seed)
        for one in contrasts
    ]
    together = benjamini_hochberg(np.concatenate([test.p for test in tests]))
    corrected = [replace(test, q=q) for test, q in zip(tests, np.split(together, len(tests)), strict=True)]
    results = []
    with progress.task("compare groups", total=len(contrasts), unit="comparisons") as task:
        for contrast, test in zip(contrasts, corrected, strict=True):
            results.append(_contrast(fitted, contrast, test, strata, replicates, options, seed))
            task.advance()
    return tuple(results)


def _contrast(
    fitted: FittedNetwork,
    contrast: Contrast,
    test: PermutationTest,
    strata: NDArray[np.intp] | None,
    replicates: tuple[Replicate, ...],
    options: RecipeOptions,
    seed: int,
) -> ContrastResult:
    network = fitted.network
    special = specificity(
        fitted, contrast, test.difference, permutations=options.permutations, strata=strata, seed=seed
    )
    intervals = (
        bootstrap_intervals(fitted.prepared, network, replicates, contrast, options=options.fitting)
        if replicates
        else None
    )
    delta, significant = np.abs(test.difference), test.q <= options.significance
    part = group_network(
        network,
        delta,
        significant=significant,
        top_percent=options.top_percent,
        link=options.link,
        name=contrast.name,
    )
    inside = Network(
        network.variables, network.parents[part.edges], network.children[part.edges], network.frequency[part.edges]
    )
    return ContrastResult(contrast, test, significant, special, intervals, part, hubs(inside, delta[part.edges]))


def _pairs(
    fitted: FittedNetwork, values: NDArray[np.floating], pairs: tuple[SamplePair, ...], options: RecipeOptions
) -> tuple[tuple[PairResult, ...], Subnetwork | None, dict[str, NDArray[np.bool_]]]:
    network, measured = fitted.network, fitted.prepared.z * fitted.prepared.scale
    results, whole = [], {}
    for pair in pairs:
        before, after = list(pair.before), list(pair.after)
        difference = values[:, after].mean(axis=1, dtype=np.float64) - values[:, before].mean(axis=1, dtype=np.float64)
        shift = measured[after].mean(axis=0) - measured[before].mean(axis=0)
        chosen = {"threshold": options.threshold, "shift": shift, "minimum_shift": options.minimum_shift}
        whole[pair.name] = pair_network(network, difference, smallest_component=2, name=pair.name, **chosen)
        results.append(PairResult(pair, difference, pair_network(network, difference, name=pair.name, **chosen)))
    responders = [result for result in results if result.pair.responder]
    if not responders:
        return tuple(results), None, {}
    signed = [result.difference for result in responders] if options.same_sign else None
    common = common_network(network, [whole[one.pair.name] for one in responders], signed)
    others = {one.pair.name: whole[one.pair.name] for one in results if one.pair.responder is False}
    return tuple(results), common, missing_edges(common, others)


def _knock_down_effect(
    fitted: FittedNetwork,
    compared: tuple[ContrastResult, ...],
    options: RecipeOptions,
    seed: int,
    progress: Progress,
) -> Floats:
    """Every hub set to its 5 % quantile: the sum of the absolute changes of all other variables."""
    prepared = fitted.prepared
    found = np.full(len(prepared.columns), np.nan)
    chosen = sorted({node for one in compared for node in one.hubs.first(HUBS)})
    if chosen:
        done = knock_downs(prepared, [prepared.columns[node] for node in chosen])
        graph, simulation = without_cycles(fitted.network), SimulationOptions(seed=seed, fit=options.fitting)
        effects = simulate_interventions(prepared, [graph], done, simulation, progress=progress)
        size = np.abs(effects.matrix()) / prepared.scale
        size[range(len(chosen)), chosen] = 0.0
        found[chosen] = size.sum(axis=1)
    return found


def held_out_r2(fitted: FittedNetwork, options: FitOptions, seed: int) -> float:
    """The share of the children's variance that the network explains in samples its curves were not fitted to.

    Five parts; the curves are fitted to four and predict the fifth. The edges come from all samples, so this is kinder
    than a network learned anew for each part.
    """
    z = fitted.prepared.z
    children = np.unique(fitted.network.children)
    part = np.random.default_rng(seed).permutation(len(z)) % min(_FOLDS, len(z))
    left = np.zeros(len(children))
    for number in range(part.max() + 1):
        training = fitted.prepared.with_rows(np.flatnonzero(part != number))
        kept = np.isin(np.array(fitted.prepared.columns), np.array(training.columns))
        sub = fitted.network.subgraph(np.flatnonzero(kept))
        refit = fit(training, sub, options)
        test = z[np.ix_(part == number, kept)] * fitted.prepared.scale[kept] + fitted.prepared.mean[kept]
        rest = np.zeros((len(kept), len(test)))
        rest[kept] = refit.residuals(refit.standardise(test))
        left += (rest[children] ** 2).sum(axis=1) / fitted.prepared.scale[children] ** 2
    return float(1.0 - left.mean() / len(z))
