"""Neighbour node sampling and repeat (NNSR): a large network compiled from many small ones.

Tamada et al. (2011), IEEE/ACM TCBB 8(3):683-697, for networks of more than 20,000 genes. Again and again some hundred
variables are chosen, most of them by walking among those that were already found to be neighbours; hill climbing
(`hill_climbing.py`) learns a network of these alone; and the frequency of an edge is the share of the small networks
with both of its ends that have it. The result is a directed network that may have cycles.

The paper leaves details open; what is ours is written where it is decided. All small
networks share the candidates and sufficient statistics of one screen, so that no data are read again. Batches have a
fixed size and each small network a seed of its own: the result does not depend on the number of threads.

One thing is added. A variable whose parent was not chosen is joined with its grandparents instead, so that in sparse
networks, where most of the chosen variables are at a border, false edges would become frequent. Small networks are
therefore learned together with the known neighbours of their variables, and only edges among the chosen ones count.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.interventions.contrasts import Contrasts
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.checkpoints import Checkpoint, key_of
from analytics.bayesian_networks.search.first_screen import screen_candidates
from analytics.bayesian_networks.search.hill_climbing import (
    Units,
    climb_from,
    no_parents,
    room_for_edges,
    screened_problem,
    units_of,
    with_lists,
)
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.order_search import new_scratch
from analytics.bayesian_networks.search.parents import Problem
from analytics.bayesian_networks.search.threads import Run, on_threads
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress

#: Variables of a small network, below and from this number of variables on.
_SMALL, _LARGE, _LARGE_FROM = 200, 1000, 5000

#: Every pair is to be sampled so often, by chance alone, before walks start: 5p/s small networks.
_ROUNDS_BY_CHANCE = 5

#: A walk gives up after so many steps for each variable of a small network without meeting a new one.
_STEPS_WITHOUT_NEWS = 10

#: A small network is learned with the known neighbours of its variables around it: pairs that were joined in at least
#: this share of the small networks with both, the most frequent first, and at most so many for each of its variables.
_KNOWN, _AROUND = 0.25, 2

#: Small networks between two looks at the frequencies, and looks without news after which it ends.
_BATCH, _QUIET_LOOKS = 50, 3


@dataclass(frozen=True)
class NnsrOptions:
    """How small networks are sampled and compiled.

    Args:
        size: variables of a small network; None = 200, or 1,000 from 5,000 variables on.
        iterations: the most small networks.
        threshold: the least frequency of an edge of the result.
        fewest_together: the least number of small networks with both ends of an edge of the result.
        walk_threshold: the least frequency (of both directions together) of a pair that a walk may follow.
        by_chance: share of small networks of which all variables are chosen by chance.
        restart: probability of each step of a walk to go on from any variable that it has met.
        settled: it ends when the edges of the result change by less than this share, three times in a row.

    Raises:
        AnalysisError: a value is out of its range.
    """

    size: int | None = None
    iterations: int = 2000
    threshold: float = 0.05
    fewest_together: int = 20
    walk_threshold: float = 0.05
    by_chance: float = 0.1
    restart: float = 0.15
    settled: float = 0.005

    def __post_init__(self) -> None:
        for name in ("threshold", "walk_threshold", "by_chance", "restart", "settled"):
            if not 0 <= getattr(self, name) <= 1:
                raise AnalysisError(f"{name} is {getattr(self, name)}; it is a share, from 0 to 1.")
        for name, least in (("size", 2), ("iterations", 1), ("fewest_together", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise AnalysisError(f"{name} is {value}; it must be at least {least}.")

    def size_among(self, variables: int) -> int:
        """Variables of a small network."""
        return min(self.size or (_LARGE if variables >= _LARGE_FROM else _SMALL), variables)


@dataclass
class Counts:
    """What was sampled and found; candidates are counted in slots (columns x slots).

    Args:
        selected: small networks with each unit.
        together: small networks with both ends of each candidate edge.
        found: small networks that have the edge.
        done: small networks in all.
        quiet: looks without news, in a row.
        changes: the share of edges that changed, look by look.
        largest: the largest change of a frequency, look by look.
    """

    selected: NDArray[np.int32]
    together: NDArray[np.int32]
    found: NDArray[np.int32]
    done: int = 0
    quiet: int = 0
    changes: list[float] = field(default_factory=list)
    largest: list[float] = field(default_factory=list)

    def frequencies(self) -> NDArray[np.float64]:
        """Of each candidate edge; 0 for those that were never sampled."""
        return np.asarray(self.found / np.maximum(self.together, 1))


@dataclass(frozen=True)
class Compiled:
    """What NNSR gives.

    Args:
        network: edges with their frequencies; it may have cycles.
        iterations: small networks that were learned.
        settled: whether it ended because the edges no longer changed.
        changes: the share of edges that changed, batch by batch.
        selected: small networks with each variable.
    """

    network: Network
    iterations: int
    settled: bool
    changes: tuple[float, ...]
    selected: NDArray[np.int32]


def learn_nnsr(
    prepared: Prepared,
    options: LearningOptions | None = None,
    progress: Progress = SILENT,
    checkpoint: Path | None = None,
    *,
    candidates: NDArray[np.int32] | None = None,
    intervened: NDArray[np.bool_] | None = None,
    contrasts: Contrasts | None = None,
    sampling: NnsrOptions | None = None,
) -> Network:
    """Learn a network of frequencies by NNSR; see `nnsr`. `acyclic.without_cycles` makes a single acyclic one of it."""
    return nnsr(
        prepared,
        options,
        progress,
        checkpoint,
        candidates=candidates,
        intervened=intervened,
        contrasts=contrasts,
        sampling=sampling,
    ).network


def nnsr(
    prepared: Prepared,
    options: LearningOptions | None = None,
    progress: Progress = SILENT,
    checkpoint: Path | None = None,
    *,
    candidates: NDArray[np.int32] | None = None,
    intervened: NDArray[np.bool_] | None = None,
    contrasts: Contrasts | None = None,
    sampling: NnsrOptions | None = None,
) -> Compiled:
    """Compile a network from many small ones.

    Args:
        prepared: the columns.
        options: score, functions, candidates, parents, seed, threads.
        progress: is told how many small networks are done.
        checkpoint: a file from which an interrupted run goes on to the same result; it is deleted at the end.
        candidates: those of an earlier screen (`screen_candidates`), instead of a new one.
        intervened: samples x columns, where an experiment set a value (`learn`).
        contrasts: what experiments say of the directions of edges.
        sampling: how small networks are sampled; None = the defaults.

    Raises:
        AnalysisError: the checkpoint belongs to other data or other options.
    """
    options = with_lists(options or LearningOptions(), len(prepared.columns))
    sampling = sampling or NnsrOptions()
    store = _Store(checkpoint, _key(prepared, options, sampling, intervened, contrasts) if checkpoint else "")
    candidates = candidates if candidates is not None else screen_candidates(prepared, options, progress)
    with on_threads(options.threads) as run:
        problem = screened_problem(prepared, options, run, candidates, intervened, contrasts)
        sampler = _Sampler(problem, prepared.origin, sampling, options.seed)
        counts = store.read() or sampler.nothing_yet()
        with progress.task("Small networks", sampling.iterations, "networks") as told:
            told.advance(counts.done)
            while counts.done < sampling.iterations and counts.quiet < _QUIET_LOOKS:
                before = counts.done
                sampler.batch(counts, run)
                store.write(counts)
                told.advance(counts.done - before)
    store.remove()
    network = sampler.compiled(counts, prepared.columns)
    quiet = counts.quiet >= _QUIET_LOOKS
    return Compiled(network, counts.done, quiet, tuple(counts.changes), counts.selected)


class _Sampler:
    """Samples variables, learns small networks and counts."""

    def __init__(self, problem: Problem, origin: NDArray[np.int32], sampling: NnsrOptions, seed: int) -> None:
        self._problem, self._sampling, self._seed = problem, sampling, seed
        self._units: Units = units_of(origin)
        self._count = len(self._units.start) - 1
        self._size = sampling.size_among(self._count)
        self._by_chance_first = ceil(_ROUNDS_BY_CHANCE * self._count / self._size)
        self._mirror = _mirror(problem.candidates)

    def nothing_yet(self) -> Counts:
        """Before the first small network."""
        shape = self._problem.candidates.shape
        return Counts(np.zeros(self._count, np.int32), np.zeros(shape, np.int32), np.zeros(shape, np.int32))

    def batch(self, counts: Counts, run: Run) -> None:
        """Learn one batch of small networks, add them to the counts, and look what changed."""
        frequencies, edges_before = counts.frequencies(), self._edges(counts)
        numbers = range(counts.done, min(counts.done + _BATCH, self._sampling.iterations))
        pairs = self._pairs(counts)
        walks = self._walks(counts, pairs)
        seeds = self._seeds(counts, len(numbers))
        members: list[NDArray[np.int32]] = [np.empty(0, np.int32)] * len(numbers)
        edges: list[tuple[NDArray[np.intp], NDArray[np.int64]]] = [(np.empty(0, np.intp), np.empty(0, np.int64))]
        edges *= len(numbers)

        def one(index: int) -> None:
            random = np.random.default_rng([self._seed, numbers[index]])
            members[index] = self._members(numbers[index], seeds[index], walks, random)
            edges[index] = self._learn(members[index], self._around(members[index], pairs), random)

        run(one, range(len(numbers)))
        for chosen, (children, slots) in zip(members, edges, strict=True):
            counts.selected[chosen] += 1
            counts.found[children, slots] += 1
            _count_together(self._problem.candidates, self._columns_of(chosen), counts.together)
        counts.done = numbers.stop
        self._look(counts, frequencies, edges_before)

    def _edges(self, counts: Counts) -> NDArray[np.bool_]:
        """Which candidate edges are in the result as it stands."""
        enough = counts.together >= self._sampling.fewest_together
        return np.asarray(enough & (counts.found > 0) & (counts.frequencies() >= self._sampling.threshold))

    def _look(self, counts: Counts, frequencies: NDArray[np.float64], edges: NDArray[np.bool_]) -> None:
        """Note how far the edges and their frequencies are from those before the batch."""
        now = self._edges(counts)
        changed = int((now != edges).sum()) / int(now.sum()) if now.any() else 1.0
        moved = np.abs(counts.frequencies() - frequencies)[counts.together >= self._sampling.fewest_together]
        counts.changes.append(changed)
        counts.largest.append(float(moved.max(initial=0.0)))
        counts.quiet = counts.quiet + 1 if changed < self._sampling.settled else 0

    def _seeds(self, counts: Counts, count: int) -> list[int]:
        """The first variable of each small network: the one sampled least so far, by chance among several."""
        random = np.random.default_rng([self._seed, counts.done, 1])
        selected = counts.selected + random.random(self._count)
        seeds = []
        for _ in range(count):
            seeds.append(int(selected.argmin()))
            selected[seeds[-1]] += 1
        return seeds

    def _pairs(self, counts: Counts) -> NDArray[np.float32]:
        """The share of small networks with both ends that join a child and a candidate, in either direction."""
        child, slot = np.nonzero(counts.together)
        parent, back = self._problem.candidates[child, slot], self._mirror[child, slot]
        both = counts.found[child, slot] + np.where(back >= 0, counts.found[parent, back], 0)
        shares = np.zeros(counts.found.shape, np.float32)
        shares[child, slot] = both / counts.together[child, slot]
        return shares

    def _walks(self, counts: Counts, pairs: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The pairs that a walk may follow: where each unit's neighbours start, and the neighbours."""
        child, slot = np.nonzero((counts.found > 0) & (pairs >= self._sampling.walk_threshold))
        parent = self._problem.candidates[child, slot]
        first, second = (self._units.unit_of[columns].astype(np.int64) for columns in (child, parent))
        joined = np.unique(np.concatenate([first * self._count + second, second * self._count + first]))
        starts = np.searchsorted(joined, np.arange(self._count + 1, dtype=np.int64) * self._count)
        return starts.astype(np.int64), (joined % self._count).astype(np.int32)

    def _members(
        self,
        number: int,
        seed: int,
        walks: tuple[NDArray[np.int64], NDArray[np.int32]],
        random: np.random.Generator,
    ) -> NDArray[np.int32]:
        """The variables of one small network."""
        others = random.permutation(self._count).astype(np.int32)
        if number < self._by_chance_first or random.random() < self._sampling.by_chance:
            return np.append(np.int32(seed), others[others != seed][: self._size - 1]).astype(np.int32)
        chosen = np.empty(self._size, np.int32)
        inside = np.zeros(self._count, np.bool_)
        draws = random.random((2 * _STEPS_WITHOUT_NEWS * self._size, 2))
        met = _walk(*walks, seed, self._sampling.restart, draws, inside, chosen)
        _fill(self._problem.candidates, self._units, others, met, inside, chosen)
        return chosen

    def _around(self, members: NDArray[np.int32], pairs: NDArray[np.float32]) -> NDArray[np.int32]:
        """Known neighbours of the members that are not among them.

        Without its neighbours, a variable at the border would be joined with theirs: such edges would be frequent.
        """
        columns = self._columns_of(members)
        row, slot = np.nonzero(pairs[columns] >= _KNOWN)
        units = self._units.unit_of[self._problem.candidates[columns[row], slot]]
        outside = ~np.isin(units, members)
        shares = pairs[columns[row], slot][outside]
        ranked = units[outside][np.argsort(-shares, kind="stable")]
        _, first = np.unique(ranked, return_index=True)
        return np.asarray(ranked[np.sort(first)][: _AROUND * self._size], dtype=np.int32)

    def _columns_of(self, members: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.flatnonzero(np.isin(self._units.unit_of, members)).astype(np.int32)

    def _learn(
        self, members: NDArray[np.int32], around: NDArray[np.int32], random: np.random.Generator
    ) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """The edges between members that a climb among them and what is around them finds: children and slots."""
        columns = self._columns_of(np.append(members, around))
        inside = np.zeros(len(self._units.unit_of), np.bool_)
        inside[columns] = True
        parents = no_parents(len(inside), self._problem.maximum_parents)
        dag, scratch = room_for_edges(self._problem, self._units), new_scratch(self._problem)
        climb_from(self._problem, parents, self._units, dag, inside, random.permutation(columns), scratch)
        children, places = np.nonzero(np.arange(parents.slots.shape[1]) < parents.counts[:, None])
        slots = parents.slots[children, places]
        ends = self._units.unit_of[children], self._units.unit_of[self._problem.candidates[children, slots]]
        kept = np.isin(ends[0], members) & np.isin(ends[1], members)
        return children[kept], slots[kept]

    def compiled(self, counts: Counts, columns: tuple[str, ...]) -> Network:
        """The network of all edges that are frequent enough."""
        children, slots = np.nonzero(self._edges(counts))
        parents = self._problem.candidates[children, slots]
        shares = counts.frequencies()[children, slots]
        return Network.of_edges(columns, parents.tolist(), children.tolist(), shares.tolist())


def _mirror(candidates: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each candidate of a child, the slot in which the child is a candidate of it; -1 = it is none."""
    count, most = candidates.shape
    child, slot = np.nonzero(candidates >= 0)
    parent = candidates[child, slot].astype(np.int64)
    links = child * count + parent
    order = np.argsort(links)
    place = np.minimum(np.searchsorted(links[order], parent * count + child), len(links) - 1)
    same = links[order][place] == parent * count + child
    mirror = np.full((count, most), -1, np.int32)
    mirror[child, slot] = np.where(same, slot[order][place], -1)
    return mirror


@njit(cache=True, nogil=True)
def _count_together(candidates: NDArray[np.int32], columns: NDArray[np.int32], together: NDArray[np.int32]) -> None:
    inside = np.zeros(candidates.shape[0], np.bool_)
    inside[columns] = True
    for child in columns:
        for slot in range(candidates.shape[1]):
            if candidates[child, slot] >= 0 and inside[candidates[child, slot]]:
                together[child, slot] += 1


@njit(cache=True, nogil=True)
def _walk(
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    seed: int,
    restart: float,
    draws: NDArray[np.float64],
    inside: NDArray[np.bool_],
    chosen: NDArray[np.int32],
) -> int:
    """Walk among neighbours from a seed and collect what is met, until there is enough or no news."""
    chosen[0], inside[seed] = seed, True
    met, here, idle = 1, seed, 0
    for step in range(draws.shape[0]):
        if met == chosen.shape[0] or idle > _STEPS_WITHOUT_NEWS * chosen.shape[0]:
            break
        first, last = starts[here], starts[here + 1]
        if first == last or draws[step, 0] < restart:
            here = chosen[int(draws[step, 1] * met)]
        else:
            here = neighbours[first + int(draws[step, 1] * (last - first))]
        idle += 1
        if not inside[here]:
            chosen[met], inside[here] = here, True
            met, idle = met + 1, 0
    return met


@njit(cache=True, nogil=True)
def _fill(
    candidates: NDArray[np.int32],
    units: Units,
    others: NDArray[np.int32],
    met: int,
    inside: NDArray[np.bool_],
    chosen: NDArray[np.int32],
) -> None:
    """Fill up with the best screened candidates of the members, all best ones first, and then by chance."""
    members = met
    for rank in range(candidates.shape[1]):
        for index in range(members):
            for at in range(units.start[chosen[index]], units.start[chosen[index] + 1]):
                other = candidates[units.columns[at], rank]
                if met < chosen.shape[0] and other >= 0 and not inside[units.unit_of[other]]:
                    chosen[met], inside[units.unit_of[other]] = units.unit_of[other], True
                    met += 1
    for unit in others:
        if met < chosen.shape[0] and not inside[unit]:
            chosen[met], inside[unit] = unit, True
            met += 1


def _key(
    prepared: Prepared,
    options: LearningOptions,
    sampling: NnsrOptions,
    intervened: NDArray[np.bool_] | None,
    contrasts: Contrasts | None,
) -> str:
    """What a checkpoint belongs to: the data and every choice that the result depends on."""
    mask = b"" if intervened is None else np.packbits(intervened).tobytes()
    told = "" if contrasts is None else contrasts.digest
    return f"{key_of(prepared, options)} {sorted(asdict(sampling).items())} {sha256(mask).hexdigest()} {told}"


class _Store:
    """Where an interrupted run finds its counts again."""

    def __init__(self, path: Path | None, key: str) -> None:
        self._file = Checkpoint(path, key)
        self.remove = self._file.remove

    def read(self) -> Counts | None:
        """The counts of an interrupted run; None if there is none."""
        state: Any = self._file.load()
        if state is None:
            return None
        changes, largest = state["looks"].tolist()
        done, quiet = state["progress"].tolist()
        return Counts(state["selected"], state["together"], state["found"], done, quiet, changes, largest)

    def write(self, counts: Counts) -> None:
        """Keep the counts, unless they were written a moment ago."""
        progress, looks = np.array([counts.done, counts.quiet]), np.array([counts.changes, counts.largest])
        kept = {"selected": counts.selected, "together": counts.together, "found": counts.found}
        self._file.save({**kept, "progress": progress, "looks": looks})
