"""Learn a network: the whole-genome order search.

1. Coordinates of every variable (`basis.py`); 2. candidates by a screen of all pairs (`screening.py`); 3. the best
order of the variables, each with the best of its candidates before it as parents (`order_search.py`, `parents.py`);
4. what the network leaves unexplained is screened again, candidates are renewed, and the search goes on from its order.
Small problems keep all pairs as candidates. At the end the order is shaken and searched again while that helps.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.candidates import Edges, first_candidates, next_candidates
from analytics.bayesian_networks.checkpoints import Checkpoint, key_of
from analytics.bayesian_networks.contrasts import Contrasts
from analytics.bayesian_networks.dataset import Prepared
from analytics.bayesian_networks.experiments import check_contrasts, check_intervened, leave_out, weigh
from analytics.bayesian_networks.memory import check_memory, estimate_memory_bytes
from analytics.bayesian_networks.moves import Order
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.options import LearningOptions
from analytics.bayesian_networks.order_search import Found, OrderSearch, link
from analytics.bayesian_networks.problem import all_pairs, is_whole, material, most_candidates, problem_of
from analytics.bayesian_networks.residuals import residuals
from analytics.bayesian_networks.screening import screen
from analytics.bayesian_networks.threads import Run, on_threads
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress

__all__ = ["LearningOptions", "estimate_memory_bytes", "learn", "screen_candidates"]

#: Candidates of a child that the first screen gives, and each one of residuals.
_FIRST, _LATER = 12, 8

#: Coordinates that a screen looks at: a curve that only rougher ones show is found by no screen.
_SCREENED = 4

#: Screens of residuals: up to so many columns four, beyond two.
_MANY = 5_000

#: Orders that are shaken in vain before the search ends, and the share of the units that is moved each time.
_PATIENCE, _SHAKEN = 25, 0.05

#: The fewest samples that anything can be learned from.
_FEWEST_SAMPLES = 8


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
        candidates: those of an earlier screen (`screen_candidates`), instead of a new one.
        intervened: samples x columns, where an experiment set a value: that sample is left out of the fits of that
            column (`experiments.py`).
        contrasts: what experiments say of the directions of edges (`contrasts.contrasts_of`).

    Raises:
        AnalysisError: too few samples, more memory than there is, or a checkpoint of another run.

    Example:
        >>> import numpy as np
        >>> from analytics.bayesian_networks.dataset import Dataset, prepare
        >>> x = np.random.default_rng(0).normal(size=(200, 3))
        >>> x[:, 2] += np.sin(2 * x[:, 0])
        >>> learn(prepare(Dataset.of(x, ["TP53", "EGFR", "MDM2"]))).edges()
        (('TP53', 'MDM2'),)
    """
    options = options or LearningOptions()
    _check(prepared, options)
    if options.method != "order":
        return _by_another_method(options.method)(
            prepared, options, progress, checkpoint, candidates=candidates, intervened=intervened, contrasts=contrasts
        )
    key = key_of(prepared, options) if checkpoint else ""
    if intervened is not None:
        check_intervened(intervened, prepared.columns, len(prepared.z))
        key += sha256(np.packbits(intervened).tobytes()).hexdigest()
    if contrasts is not None:
        check_contrasts(contrasts, prepared.columns)
        key += contrasts.digest
    kept = Checkpoint(checkpoint, key)
    with on_threads(options.threads) as run:
        edges = _Learner(prepared, options, run, progress, kept, intervened, contrasts).learn(candidates)
    kept.remove()
    children = np.repeat(np.arange(len(prepared.columns), dtype=np.int32), np.diff(edges.starts))
    return Network(prepared.columns, edges.parents, children, np.ones(len(children)))


def _by_another_method(method: str) -> Callable[..., Network]:
    # These modules use the screen that is defined here.
    if method == "nnsr":
        from analytics.bayesian_networks.nnsr import learn_nnsr

        return learn_nnsr
    from analytics.bayesian_networks.hill_climbing import learn_hill_climbing

    return learn_hill_climbing


def screen_candidates(
    prepared: Prepared, options: LearningOptions | None = None, progress: Progress = SILENT
) -> NDArray[np.int32]:
    """The candidates that a first screen gives (columns x most), -1 behind the last: for several runs on like data."""
    options = options or LearningOptions()
    _check(prepared, options)
    with on_threads(options.threads) as run:
        return _Learner(prepared, options, run, progress, Checkpoint(None, "")).screen()


def _check(prepared: Prepared, options: LearningOptions) -> None:
    samples, columns = prepared.z.shape
    if samples < _FEWEST_SAMPLES:
        raise AnalysisError(f"There are {samples} samples; a network needs at least {_FEWEST_SAMPLES}.")
    if not np.isfinite(prepared.z).all():
        raise AnalysisError("The prepared columns hold values that are missing or infinite.", "Use prepare().")
    check_memory(samples, columns, options)


class _Learner:
    """One run: its data, and how far it is."""

    def __init__(
        self,
        prepared: Prepared,
        options: LearningOptions,
        run: Run,
        progress: Progress,
        kept: Checkpoint,
        intervened: NDArray[np.bool_] | None = None,
        contrasts: Contrasts | None = None,
    ) -> None:
        self._intervened, self._contrasts = intervened, contrasts
        self._options, self._run, self._progress, self._kept = options, run, progress, kept
        self._source = material(prepared, options)
        self._data = self._source.columns
        self._whole = is_whole(self._data.count, options)
        self._rescreens = options.rescreens if options.rescreens is not None else 4 if self._data.count <= _MANY else 2
        self._state: dict[str, Any] = {}

    def learn(self, candidates: NDArray[np.int32] | None) -> Edges:
        """The edges of the best network found."""
        self._state = dict(self._kept.load() or {})
        if not self._state:
            self._state = {"round": 0, "candidates": candidates if candidates is not None else self.screen()}
        # After the last screen comes a round with the neighbours of neighbours only.
        rounds = 1 if self._whole else self._rescreens + 2
        while int(self._state["round"]) < rounds - 1:
            # What a round computed is let go before the next one begins.
            found = self._round(rounds)
            number = int(self._state["round"])
            renewed = self._renewed(found.edges, number < self._rescreens)
            self._state = {"round": number + 1, "candidates": renewed, "units": found.order}
            self._kept.save(self._state, now=True)
        return self._round(rounds).edges

    def _round(self, rounds: int) -> Found:
        number = int(self._state["round"]) + 1
        return self._settle(self._search(), f"Order search {number} of {rounds}", shake=number == rounds)

    def screen(self) -> NDArray[np.int32]:
        """The first candidates."""
        data = self._data
        if self._whole:
            return all_pairs(data)
        screened = screen(data, data.children, min(_FIRST, data.count), self._run, **self._told("Screening"))
        return first_candidates(screened.columns, data.tiers, most_candidates(data.count, self._options))

    def _told(self, name: str) -> dict[str, Any]:
        return {"coordinates": _SCREENED, "progress": self._progress, "name": name}

    def _renewed(self, edges: Edges, rescreen: bool) -> NDArray[np.int32]:
        data = self._data
        screened = np.full((data.count, 1), -1, np.int32)
        if rescreen:
            left = residuals(data, edges, self._run)
            told = self._told("Screening what is unexplained")
            screened = screen(data, left, min(_LATER, data.count), self._run, **told).columns
        return next_candidates(self._state["candidates"], edges, screened, data.tiers, data.origin)

    def _search(self) -> OrderSearch:
        candidates = np.asarray(self._state["candidates"], np.int32)
        problem = problem_of(self._source, candidates, self._whole, self._options, self._run)
        data = self._data
        if self._intervened is not None:
            problem = leave_out(problem, data, candidates, self._intervened)
        if self._contrasts is not None:
            problem = weigh(problem, candidates, self._contrasts, self._options.penalty_of_an_edge(data.count))
        return OrderSearch(problem, link(candidates, data.origin, data.tiers), data.tiers, self._run)

    def _settle(self, search: OrderSearch, name: str, shake: bool) -> Found:
        """Search from the state's order; with `shake`, then from shaken ones while that helps."""
        with self._progress.task(name, None, "moves") as told:
            state = self._state
            units = state["units"] if "units" in state else search.random_order(self._random(0, 0))
            best = search.start(np.asarray(units, np.int32))
            if "stirred" in state:
                best.stirred[:] = state["stirred"]
            if "tried" not in state:
                self._sweep(search, best, 0, told)
            if shake:
                best = self._shake(search, best, told)
            return search.found(best)

    def _shake(self, search: OrderSearch, best: Order, told: Any) -> Order:
        most = self._options.restarts if self._options.restarts is not None else _restarts(self._data.count)
        count = max(3, round(_SHAKEN * len(best.units)))
        tried, vain = int(self._state.get("tried", 0)), int(self._state.get("vain", 0))
        while tried < most and vain < _PATIENCE:
            tried += 1
            order = search.shaken(best.units, best, min(count, len(best.units)), self._random(tried, 0))
            self._sweep(search, order, tried, told, keep=False)
            vain += 1
            if order.scores.sum() < best.scores.sum() - 1e-3:
                best, vain = order, 0
            self._state.update(units=best.units, stirred=np.zeros_like(best.stirred), tried=tried, vain=vain)
            self._kept.save(self._state)
        return best

    def _sweep(self, search: OrderSearch, order: Order, attempt: int, told: Any, keep: bool = True) -> None:
        """Sweep until no unit is moved; the state is kept after each sweep."""
        sweeps, moved = int(self._state.get("sweeps", 0)) if keep else 0, 1
        while moved:
            sweeps += 1
            moved, _ = search.sweep(order, self._random(attempt, sweeps))
            told.advance(moved)
            if keep:
                self._state.update(units=order.units.copy(), stirred=order.stirred.copy(), sweeps=sweeps)
                self._kept.save(self._state)

    def _random(self, attempt: int, sweep: int) -> np.random.Generator:
        """A stream of its own for each step, so that a run that goes on draws what it would have drawn."""
        return np.random.default_rng([self._options.seed, int(self._state["round"]), attempt, sweep])


def _restarts(columns: int) -> int:
    return 100 if columns <= 500 else 20 if columns <= 2_000 else 0
