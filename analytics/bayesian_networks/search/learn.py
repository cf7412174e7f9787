"""Learn a network, by the method of the options."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.interventions.contrasts import Contrasts
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.first_screen import check_learnable
from analytics.bayesian_networks.search.hill_climbing import learn_hill_climbing
from analytics.bayesian_networks.search.nnsr import learn_nnsr
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.order_learning import learn_by_order
from warehouse.progress import SILENT, Progress

_LEARNERS = {"order": learn_by_order, "hill_climbing": learn_hill_climbing, "nnsr": learn_nnsr}


def learn(
    prepared: Prepared,
    options: LearningOptions | None = None,
    progress: Progress = SILENT,
    checkpoint: Path | None = None,
    *,
    candidates: NDArray[np.int32] | None = None,
    intervened: NDArray[np.bool_] | None = None,
    contrasts: Contrasts | None = None,
) -> Network:
    """Learn a directed network of `prepared.columns`; it is acyclic unless the method is "nnsr".

    Args:
        prepared: standardised columns with their tiers.
        options: how; the defaults if None. Equal options give equal networks, whatever the number of threads.
        progress: where it is told how far it is.
        checkpoint: a file that keeps what was reached; a run that was interrupted goes on from it to the same result.
            It is deleted at the end.
        candidates: those of an earlier screen (`first_screen.screen_candidates`), instead of a new one.
        intervened: samples x columns, where an experiment set a value: that sample is left out of the fits of that
            column (`experiments.py`).
        contrasts: what experiments say of the directions of edges (`contrasts.contrasts_of`).

    Raises:
        AnalysisError: too few samples, more memory than there is, or a checkpoint of another run.

    Example:
        >>> import numpy as np
        >>> from analytics.bayesian_networks.data.dataset import Dataset, prepare
        >>> x = np.random.default_rng(0).normal(size=(200, 3))
        >>> x[:, 2] += np.sin(2 * x[:, 0])
        >>> learn(prepare(Dataset.of(x, ["TP53", "EGFR", "MDM2"]))).edges()
        (('TP53', 'MDM2'),)
    """
    options = options or LearningOptions()
    check_learnable(prepared, options)
    return _LEARNERS[options.method](
        prepared, options, progress, checkpoint, candidates=candidates, intervened=intervened, contrasts=contrasts
    )
