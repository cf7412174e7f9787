"""The whole-genome order search.

1. Coordinates of every variable (`basis.py`); 2. candidates by a screen of all pairs (`first_screen.py`); 3. the best
order of the variables, each with the best of its candidates before it as parents (`order_search.py`, `parents.py`);
4. what the network leaves unexplained is screened again, candidates are renewed, and the search goes on from its order.
Small problems keep all pairs as candidates. At the end the order is shaken and searched again while that helps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.interventions.contrasts import Contrasts
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.candidates import Edges, next_candidates
from analytics.bayesian_networks.search.checkpoints import Checkpoint, key_of
from analytics.bayesian_networks.search.experiments import check_contrasts, check_intervened, leave_out, weigh
from analytics.bayesian_networks.search.first_screen import SCREENED_COORDINATES, screened_pairs
from analytics.bayesian_networks.search.moves import Order
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.order_search import Found, OrderSearch, link
from analytics.bayesian_networks.search.problem import is_whole, material, problem_of
from analytics.bayesian_networks.search.residuals import residuals
from analytics.bayesian_networks.search.screening import screen
from analytics.bayesian_networks.search.threads import Run, on_threads
from warehouse.progress import Progress, Task

#: Candidates of a child that each screen of residuals gives.
_CANDIDATES = 8

#: Screens of residuals: up to so many columns four, beyond two.
_MANY = 5_000

#: Orders that are shaken in vain before the search ends, and the share of the units that is moved each time.
_PATIENCE, _SHAKEN = 25, 0.05


@dataclass
class _State:
    """How far a run is: what a checkpoint keeps.

    Args:
        round: rounds of search and renewal that are done.
        candidates: of each column (columns x most), -1 behind the last.
        units: the best order so far; None before the first search.
        stirred: columns of that order that may still move; None = all.
        sweeps: sweeps of the search that goes on.
        tried: orders that were shaken; None while the first search goes on.
        vain: of these, the last ones that did not help.
    """

    round: int
    candidates: NDArray[np.int32]
    units: NDArray[np.int32] | None = None
    stirred: NDArray[np.bool_] | None = None
    sweeps: int = 0
    tried: int | None = None
    vain: int = 0

    @classmethod
    def read(cls, stored: Mapping[str, NDArray[np.generic]]) -> _State:
        """The state that a checkpoint kept."""
        numbers = {name: int(stored[name]) for name in ("round", "sweeps", "tried", "vain") if name in stored}
        arrays = {name: stored[name] for name in ("candidates", "units", "stirred") if name in stored}
        return cls(**numbers, **arrays)  # type: ignore[arg-type]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The state as a checkpoint keeps it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: np.asarray(value) for name, value in values.items() if value is not None}


def learn_by_order(
    prepared: Prepared,
    options: LearningOptions,
    progress: Progress,
    checkpoint: Path | None = None,
    *,
    candidates: NDArray[np.int32] | None = None,
    intervened: NDArray[np.bool_] | None = None,
    contrasts: Contrasts | None = None,
) -> Network:
    """The network of the best order found; arguments as `learn.learn`.

    Raises:
        AnalysisError: experiments that do not fit the data, or a checkpoint of another run.
    """
    key = key_of(prepared, options) if checkpoint else ""
    if intervened is not None:
        check_intervened(intervened, prepared.columns, len(prepared.z))
        key += sha256(np.packbits(intervened).tobytes()).hexdigest()
    if contrasts is not None:
        check_contrasts(contrasts, prepared.columns)
        key += contrasts.digest
    kept = Checkpoint(checkpoint, key)
    with on_threads(options.threads) as run:
        edges = _OrderLearner(prepared, options, run, progress, kept, intervened, contrasts).learn(candidates)
    kept.remove()
    children = np.repeat(np.arange(len(prepared.columns), dtype=np.int32), np.diff(edges.starts))
    return Network(prepared.columns, edges.parents, children, np.ones(len(children)))


class _OrderLearner:
    """One run: its data, and how far it is."""

    _state: _State

    def __init__(
        self,
        prepared: Prepared,
        options: LearningOptions,
        run: Run,
        progress: Progress,
        kept: Checkpoint,
        intervened: NDArray[np.bool_] | None,
        contrasts: Contrasts | None,
    ) -> None:
        self._intervened, self._contrasts = intervened, contrasts
        self._options, self._run, self._progress, self._kept = options, run, progress, kept
        self._source = material(prepared, options)
        self._data = self._source.columns
        self._whole = is_whole(self._data.count, options)
        self._rescreens = options.rescreens if options.rescreens is not None else 4 if self._data.count <= _MANY else 2

    def learn(self, candidates: NDArray[np.int32] | None) -> Edges:
        """The edges of the best network found."""
        stored = self._kept.load()
        if stored:
            self._state = _State.read(stored)
        elif candidates is not None:
            self._state = _State(0, candidates)
        else:
            self._state = _State(0, screened_pairs(self._data, self._options, self._run, self._progress))
        # After the last screen comes a round with the neighbours of neighbours only.
        rounds = 1 if self._whole else self._rescreens + 2
        while self._state.round < rounds - 1:
            # What a round computed is let go before the next one begins.
            found = self._round(rounds)
            renewed = self._renewed(found.edges, self._state.round < self._rescreens)
            self._state = _State(self._state.round + 1, renewed, units=found.order)
            self._kept.save(self._state.arrays(), now=True)
        return self._round(rounds).edges

    def _round(self, rounds: int) -> Found:
        number = self._state.round + 1
        return self._settle(self._search(), f"Order search {number} of {rounds}", shake=number == rounds)

    def _renewed(self, edges: Edges, rescreen: bool) -> NDArray[np.int32]:
        data = self._data
        screened = np.full((data.count, 1), -1, np.int32)
        if rescreen:
            screened = screen(
                data,
                residuals(data, edges, self._run),
                min(_CANDIDATES, data.count),
                self._run,
                coordinates=SCREENED_COORDINATES,
                progress=self._progress,
                name="Screening what is unexplained",
            ).columns
        return next_candidates(self._state.candidates, edges, screened, data.tiers, data.origin)

    def _search(self) -> OrderSearch:
        candidates = np.asarray(self._state.candidates, np.int32)
        problem = problem_of(self._source, candidates, self._whole, self._options, self._run)
        data = self._data
        if self._intervened is not None:
            problem = leave_out(problem, data, candidates, self._intervened)
        if self._contrasts is not None:
            problem = weigh(problem, candidates, self._contrasts, self._options.penalty_of_an_edge(data.count))
        return OrderSearch(problem, link(candidates, data.origin, data.tiers), data.tiers, self._run)

    def _settle(self, search: OrderSearch, name: str, shake: bool) -> Found:
        """Search from the state's order; with `shake`, then from shaken ones while that helps."""
        with self._progress.task(name, None, "moves") as task:
            state = self._state
            units = state.units if state.units is not None else search.random_order(self._random(0, 0))
            best = search.start(np.asarray(units, np.int32))
            if state.stirred is not None:
                best.stirred[:] = state.stirred
            if state.tried is None:
                self._sweep(search, best, 0, task)
            if shake:
                best = self._shake(search, best, task)
            return search.found(best)

    def _shake(self, search: OrderSearch, best: Order, task: Task) -> Order:
        state = self._state
        most = self._options.restarts if self._options.restarts is not None else _restarts(self._data.count)
        count = max(3, round(_SHAKEN * len(best.units)))
        tried = state.tried or 0
        while tried < most and state.vain < _PATIENCE:
            tried += 1
            order = search.shaken(best.units, best, min(count, len(best.units)), self._random(tried, 0))
            self._sweep(search, order, tried, task, keep=False)
            state.vain += 1
            if order.scores.sum() < best.scores.sum() - 1e-3:
                best, state.vain = order, 0
            state.units, state.stirred, state.tried = best.units, np.zeros_like(best.stirred), tried
            self._kept.save(state.arrays())
        return best

    def _sweep(self, search: OrderSearch, order: Order, attempt: int, task: Task, keep: bool = True) -> None:
        """Sweep until no unit is moved; the state is kept after each sweep."""
        state = self._state
        sweeps, moved = state.sweeps if keep else 0, 1
        while moved:
            sweeps += 1
            moved, _ = search.sweep(order, self._random(attempt, sweeps))
            task.advance(moved)
            if keep:
                state.units, state.stirred, state.sweeps = order.units.copy(), order.stirred.copy(), sweeps
                self._kept.save(state.arrays())

    def _random(self, attempt: int, sweep: int) -> np.random.Generator:
        """A stream of its own for each step, so that a run that goes on draws what it would have drawn."""
        return np.random.default_rng([self._options.seed, self._state.round, attempt, sweep])


def _restarts(columns: int) -> int:
    return 100 if columns <= 500 else 20 if columns <= 2_000 else 0
