"""Parents of one child: the trees against exhaustive search and against plain least squares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

import numpy as np
import pytest

from analytics.bayesian_networks.search.moves import Questions
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.order_search import OrderSearch, link
from analytics.bayesian_networks.search.parents import Problem
from analytics.bayesian_networks.search.problem import Material, problem_of
from analytics.bayesian_networks.search.scores import bnrc_centred, linear_bic, sbic


def here(function: Callable[[int], None], tasks: Iterable[int]) -> None:
    for task in tasks:
        function(task)


def searched(z: np.ndarray, options: LearningOptions) -> tuple[OrderSearch, Problem, Material]:
    """A search in which only column 0 has candidates: all others."""
    from analytics.bayesian_networks.data.dataset import Dataset, prepare
    from analytics.bayesian_networks.search.problem import material

    source = material(prepare(Dataset.of(z)), options)
    count = z.shape[1]
    candidates = np.full((count, count - 1), -1, np.int32)
    candidates[0] = np.arange(1, count)
    problem = problem_of(source, candidates, False, options, here)
    data = source.columns
    return OrderSearch(problem, link(candidates, data.origin, data.tiers), data.tiers, here), problem, source


def best_of(search: OrderSearch, allowed: int) -> tuple[float, list[int]]:
    """Score and parents of column 0, of those that the bits allow."""
    order = search.start(np.arange(len(search._tiers), dtype=np.int32))
    question = Questions(
        np.zeros(1, np.int32), np.full((1, 1), allowed, np.uint64), order.scores[:1].copy(), order.leaves[:1].copy()
    )
    search._answer(question)
    order.leaves[0] = question.leaves[0]
    edges = search.found(order).edges
    return float(question.scores[0]), edges.parents[: edges.starts[1]].tolist()


def test_lines_against_exhaustive_search() -> None:
    equal = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        z = random.standard_normal((80, 7))
        z[:, 1:] += 0.5 * z[:, 1:] @ np.triu(random.standard_normal((6, 6)), 1)
        z[:, 0] += z[:, 1:] @ (random.standard_normal(6) * (random.random(6) < 0.4))
        search, _, _ = searched(z, LearningOptions(score="bic"))
        score, parents = best_of(search, 2**6 - 1)
        y = (z[:, 0] - z[:, 0].mean()) / z[:, 0].std()
        scores = {
            chosen: linear_bic(y, z[:, list(chosen)])
            for count in range(7)
            for chosen in combinations(range(1, 7), count)
        }
        best = min(scores.values())
        assert score == pytest.approx(scores[tuple(parents)], abs=0.02)
        assert score >= best - 0.02
        equal += score <= best + 0.02
    assert equal >= 190


def test_curves_are_fitted_with_the_coordinates_that_the_score_prefers() -> None:
    random = np.random.default_rng(5)
    z = random.standard_normal((400, 4))
    z[:, 0] = np.sin(2 * z[:, 1]) + 0.7 * z[:, 2] + 0.3 * z[:, 0]
    search, _, source = searched(z, LearningOptions())
    order = search.start(np.array([1, 2, 3, 0], np.int32))
    edges = search.found(order).edges
    assert edges.parents.tolist() == [1, 2]
    assert edges.sizes[0] >= 3
    assert edges.sizes[1] == 1
    rows = [source.columns.coordinates[k, :size].T for k, size in zip(edges.parents, edges.sizes, strict=True)]
    design, y = np.hstack(rows).astype(float), source.columns.children[:, 0].astype(float)
    residual = y - design @ np.linalg.lstsq(design, y)[0]
    score = sbic(400 * (residual @ residual), 400, edges.sizes.sum(), parents=2, variables=4, gamma=1.0)
    assert order.scores[0] == pytest.approx(score, abs=0.02)


def test_the_answer_depends_on_the_allowed_candidates_only() -> None:
    random = np.random.default_rng(6)
    z = random.standard_normal((60, 7))
    z[:, 0] += z[:, 1] * 0.5 + np.tanh(z[:, 2]) + z[:, 3]
    masks = random.permutation(2**6)
    one, _, _ = searched(z, LearningOptions())
    other, _, _ = searched(z, LearningOptions())
    first = {int(mask): best_of(one, int(mask)) for mask in masks}
    second = {int(mask): best_of(other, int(mask)) for mask in masks[::-1]}
    assert first == second
    for mask, (_, parents) in first.items():
        assert all(mask >> (parent - 1) & 1 for parent in parents)


def test_bnrc_is_the_plain_definition() -> None:
    random = np.random.default_rng(7)
    z = random.standard_normal((150, 4))
    z[:, 0] = np.sin(1.5 * z[:, 1]) + 0.5 * z[:, 2] + 0.4 * z[:, 0]
    search, problem, source = searched(z, LearningOptions(score="bnrc"))
    score, parents = best_of(search, 0b111)
    assert {1, 2} <= set(parents)
    data = source.columns
    smoothing = [float(problem.ridge[0, parent - 1, 1] / source.penalties[parent, 1]) for parent in parents]
    y = data.children[:, 0].astype(float) * np.sqrt(150)
    coordinates = [data.coordinates[parent].T.astype(float) for parent in parents]
    whole = bnrc_centred(y, coordinates, [source.penalties[parent] for parent in parents], smoothing)
    assert score == pytest.approx(whole - bnrc_centred(y, [], [], []), abs=0.05)


def test_a_copy_of_a_parent_is_no_second_parent() -> None:
    random = np.random.default_rng(8)
    z = random.standard_normal((100, 3))
    z[:, 2] = z[:, 1]
    z[:, 0] = z[:, 1] + 0.1 * z[:, 0]
    search, _, _ = searched(z, LearningOptions())
    assert len(best_of(search, 0b11)[1]) == 1


def test_there_are_never_more_parents_than_allowed() -> None:
    random = np.random.default_rng(9)
    z = random.standard_normal((200, 6))
    z[:, 0] = z[:, 1:].sum(axis=1)
    search, _, _ = searched(z, LearningOptions(maximum_parents=2))
    assert len(best_of(search, 2**5 - 1)[1]) == 2
