"""Interventions predicted from all that is known: simulation, corrected by what was measured of single targets.

Simulation gives what was never measured: other targets, other levels, several targets at once. Where a target was
measured alone, the part of (measured − simulated) that is no noise is added; for several targets these are summed, so
that what acts only together is left to the simulation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.interventions.contrasts import Contrasts
from analytics.bayesian_networks.interventions.simulation import Intervention, SimulationOptions, simulate_interventions
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.experiments import check_contrasts

__all__ = ["predict_interventions"]


def predict_interventions(
    prepared: Prepared,
    graphs: Sequence[Network],
    interventions: Sequence[Intervention],
    contrasts: Contrasts,
    options: SimulationOptions = SimulationOptions(),  # noqa: B008
    *,
    rows: NDArray[np.intp] | None = None,
    intervened: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Changes of all variables, simulated and corrected by contrasts (interventions x variables, in units of the data).

    Args:
        prepared, graphs, interventions, options, rows, intervened: as for `simulate_interventions`.
        contrasts: measured on the same columns (`contrasts_of`).

    Raises:
        AnalysisError: as `simulate_interventions`; contrasts of other columns.
    """
    check_contrasts(contrasts, prepared.columns)
    owners, targets, values = _measured(prepared, interventions, contrasts)
    alone = [
        Intervention(f"{prepared.columns[target]} alone", {prepared.columns[target]: value})
        for target, value in zip(contrasts.targets[targets].tolist(), values.tolist(), strict=True)
    ]
    effects = simulate_interventions(
        prepared, graphs, [*interventions, *alone], options, rows=rows, intervened=intervened
    )
    simulated = effects.matrix()
    predicted, singles = simulated[: len(interventions)].copy(), simulated[len(interventions) :]
    if len(owners):
        part = contrasts.of(targets)
        shift = (values - prepared.mean[part.targets]) / prepared.scale[part.targets] - part.level
        np.add.at(predicted, owners, part.correction(singles / prepared.scale, shift) * prepared.scale)
    for number, one in enumerate(interventions):
        was_set = [prepared.columns.index(name) for name in one.values]
        predicted[number, was_set] = simulated[number, was_set]
    return predicted


def _measured(
    prepared: Prepared, interventions: Sequence[Intervention], contrasts: Contrasts
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """The targets that were measured alone: the intervention each belongs to, its contrast, the value it is set to."""
    row = {prepared.columns[target]: number for number, target in enumerate(contrasts.targets.tolist())}
    found = [
        (owner, row[name], value)
        for owner, one in enumerate(interventions)
        for name, value in one.values.items()
        if name in row
    ]
    owners, targets, values = zip(*found, strict=True) if found else ((), (), ())
    return np.array(owners, np.intp), np.array(targets, np.intp), np.array(values, np.float64)
