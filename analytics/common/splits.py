"""Splits of samples for training and testing that keep groups apart: patients, sections, animals, drugs, pairs, time.

A split is refused where the same group stands on both sides, so that a model cannot recognise what it is tested on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from warehouse.errors import AnalysisError

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Fold:
    """One division of samples.

    Args:
        train, test: places of samples, ascending.
        kept_apart: what no group stands on both sides of, in words: `patient`, `drug and cell line`.
    """

    train: Rows
    test: Rows
    kept_apart: str


class Unseen(StrEnum):
    """What of a pair (drug and cell line, subject and object) the model has not seen in training."""

    PAIR = "pair"
    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


def group_folds(
    groups: ArrayLike, *, folds: int = 5, seed: int = 0, classes: ArrayLike | None = None, kept_apart: str = "group"
) -> list[Fold]:
    """Folds of about equal size in which each group stands in one test set.

    Groups are placed in random order into the fold that has the fewest samples, of those with the fewest samples of
    the group's classes where `classes` are given.

    Args:
        groups: the group of each sample, such as its patient.
        folds: how many, at least two.
        seed: fixes the folds, whatever the order of the samples.
        classes: of each sample; every fold gets about the same share of each.
        kept_apart: what a group is, in words.

    Raises:
        AnalysisError: there are fewer groups than folds, or a sample has no group.
    """
    names, codes = _codes(groups, kept_apart)
    if folds < 2 or len(names) < folds:
        raise AnalysisError(
            f"{folds} folds need at least two folds and as many groups ({kept_apart}); there are {len(names)}.",
            "Ask for fewer folds.",
        )
    labels = (
        np.zeros(len(codes), np.intp) if classes is None else np.unique(np.asarray(classes), return_inverse=True)[1]
    )
    counts = np.zeros((len(names), int(labels.max()) + 1))
    np.add.at(counts, (codes, labels), 1)
    fold_of = _placed(counts, folds, np.random.default_rng(seed))
    sides = fold_of[codes]
    return [_fold(sides != number, sides == number, codes, kept_apart) for number in range(folds)]


def _placed(counts: NDArray[np.float64], folds: int, random: np.random.Generator) -> Rows:
    """The fold of each group: large groups first, each where it leaves the classes most even."""
    shuffled = random.permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    share = np.maximum(counts.sum(axis=0), 1)
    filled = np.zeros((folds, counts.shape[1]))
    fold_of = np.empty(len(counts), np.intp)
    for group in order:
        load = ((filled + counts[group]) / share) ** 2 - (filled / share) ** 2
        chosen = int(np.lexsort((filled.sum(axis=1), load.sum(axis=1).round(12)))[0])
        fold_of[group] = chosen
        filled[chosen] += counts[group]
    return fold_of


def holdout(groups: ArrayLike, *, share: float = 0.2, seed: int = 0, kept_apart: str = "group") -> Fold:
    """One division: about `share` of the groups are the test set, at least one on each side.

    Raises:
        AnalysisError: the share is not between 0 and 1, there are fewer than two groups, or a sample has none.
    """
    names, codes = _codes(groups, kept_apart)
    if not 0 < share < 1 or len(names) < 2:
        raise AnalysisError(f"A held-out set needs a share between 0 and 1 and two groups; there are {len(names)}.")
    size = min(max(round(share * len(names)), 1), len(names) - 1)
    chosen = np.zeros(len(names), np.bool_)
    chosen[np.random.default_rng(seed).permutation(len(names))[:size]] = True
    return _fold(~chosen[codes], chosen[codes], codes, kept_apart)


def time_split(times: ArrayLike, *, since: float) -> Fold:
    """Train on what was known before a time, test on what came then or later.

    Raises:
        AnalysisError: a time is missing, or a side is empty.
    """
    known = np.asarray(times, np.float64)
    if np.isnan(known).any():
        raise AnalysisError(f"{int(np.isnan(known).sum())} samples have no time.", "Leave them out, and say how many.")
    return Fold(*_sides(known < since, known >= since), kept_apart="time")


def pair_folds(
    first: ArrayLike, second: ArrayLike, *, unseen: Unseen, folds: int = 5, seed: int = 0, names: tuple[str, str]
) -> list[Fold]:
    """Folds of pairs, such as of a drug and a cell line.

    | unseen | the test set holds | training leaves out |
    |---|---|---|
    | `pair` | pairs | the same pairs, also when measured again |
    | `first`, `second` | all pairs of some drugs (cell lines) | all pairs of these |
    | `both` | pairs of some drugs with some cell lines | every pair of either |

    Args:
        first, second: the two members of each pair.
        unseen: what the model must not have seen.
        folds: how many; for `both` each fold takes a share of either side.
        seed: fixes the folds.
        names: what the members are, in words: `("drug", "cell line")`.

    Raises:
        AnalysisError: too few members, or a member is missing.
    """
    _, one = _codes(first, names[0])
    _, other = _codes(second, names[1])
    if unseen is Unseen.PAIR:
        return group_folds(one * (other.max() + 1) + other, folds=folds, seed=seed, kept_apart=" and ".join(names))
    if unseen is not Unseen.BOTH:
        chosen = (one, names[0]) if unseen is Unseen.FIRST else (other, names[1])
        return group_folds(chosen[0], folds=folds, seed=seed, kept_apart=chosen[1])
    firsts = group_folds(one, folds=folds, seed=seed, kept_apart=names[0])
    seconds = group_folds(other, folds=folds, seed=seed + 1, kept_apart=names[1])
    return [
        _of_both(left, right, " and ".join((f"each {names[0]}", f"each {names[1]}")))
        for left, right in zip(firsts, seconds, strict=True)
    ]


def _of_both(left: Fold, right: Fold, kept_apart: str) -> Fold:
    train, test = np.intersect1d(left.train, right.train), np.intersect1d(left.test, right.test)
    if not len(train) or not len(test):
        raise AnalysisError(f"A fold that keeps {kept_apart} apart is empty.", "Ask for fewer folds.")
    return Fold(train, test, kept_apart)


def require_apart(fold: Fold, groups: ArrayLike, what: str) -> None:
    """Refuse a fold, a published one for example, in which a group stands on both sides.

    Raises:
        AnalysisError: groups stand on both sides; the message names some.
    """
    labels = np.asarray(groups)
    shared = np.intersect1d(labels[fold.train], labels[fold.test])
    if len(shared):
        some = ", ".join(map(str, shared[:3])) + (", ..." if len(shared) > 3 else "")
        raise AnalysisError(
            f"{len(shared)} groups ({what}) are in the training set and in the test set: {some}.",
            "Split by this group, or drop its samples from one side.",
        )


def inner_folds(fold: Fold, groups: ArrayLike, *, folds: int = 5, seed: int = 0) -> Iterator[Fold]:
    """Folds within a training set, for choosing settings and stopping early: the test set takes no part."""
    labels = np.asarray(groups)[fold.train]
    for inner in group_folds(labels, folds=folds, seed=seed, kept_apart=fold.kept_apart):
        yield Fold(fold.train[inner.train], fold.train[inner.test], fold.kept_apart)


def _codes(groups: ArrayLike, what: str) -> tuple[NDArray[np.generic], Rows]:
    labels = np.asarray(groups)
    missing = np.array([label is None or str(label) in {"", "nan"} for label in labels.tolist()], np.bool_)
    if not len(labels) or missing.any():
        raise AnalysisError(f"{int(missing.sum())} of {len(labels)} samples have no {what}.", "Leave them out first.")
    names, codes = np.unique(labels, return_inverse=True)
    return names, codes


def _fold(train: NDArray[np.bool_], test: NDArray[np.bool_], codes: Rows, kept_apart: str) -> Fold:
    fold = Fold(*_sides(train, test), kept_apart)
    require_apart(fold, codes, kept_apart)
    return fold


def _sides(train: NDArray[np.bool_], test: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    rows = np.flatnonzero(train), np.flatnonzero(test)
    if not len(rows[0]) or not len(rows[1]):
        raise AnalysisError("A side of the split is empty.")
    return rows
