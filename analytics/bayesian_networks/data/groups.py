"""Groups of samples: which are compared, which are replicates of one another, which belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import named
from warehouse.errors import AnalysisError

__all__ = ["Contrast", "Groups", "average_replicates"]

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Contrast:
    """Two groups that are compared: the second against the first.

    Args:
        name: `second against first`.
        first, second: rows of their samples.
    """

    name: str
    first: Rows
    second: Rows


@dataclass(frozen=True)
class Groups:
    """Named groups of samples that do not overlap. Made by `Groups.of`, which checks them.

    Args:
        names: of the groups, in the order in which they were given.
        members: the rows of each group's samples, ascending.
        strata: for each sample the number of its stratum (its patient, its batch), within which labels are exchanged
            by permutation tests; None = all samples are exchangeable.
    """

    names: tuple[str, ...]
    members: tuple[Rows, ...]
    strata: NDArray[np.intp] | None = None

    @classmethod
    def of(
        cls,
        groups: Mapping[str, Sequence[str]],
        samples: Sequence[str],
        strata: Mapping[str, str] | None = None,
    ) -> Groups:
        """Check groups against the samples that there are.

        Args:
            groups: the names of the samples of each group.
            samples: all samples, in the order of the rows.
            strata: the stratum of each sample that belongs to a group.

        Raises:
            AnalysisError: fewer than two groups, unknown samples, a sample in two groups, a group with fewer than two
                samples, a sample without stratum, strata that leave nothing to exchange.

        Example:
            >>> Groups.of({"IPF1": ["a", "b"], "IPF3": ["d", "c"]}, ["a", "b", "c", "d"]).members[1].tolist()
            [2, 3]
        """
        if len(groups) < 2:
            raise AnalysisError(f"{_count(len(groups), 'group')} given: a comparison needs two.")
        _check_members(groups, samples)
        row = {name: i for i, name in enumerate(samples)}
        members = tuple(np.array(sorted(row[name] for name in names), np.intp) for names in groups.values())
        made = cls(tuple(groups), members, None if strata is None else _strata(groups, samples, strata))
        for contrast in made.contrasts() if strata is not None else ():
            _check_exchange(contrast, made.strata)
        return made

    def contrasts(self) -> tuple[Contrast, ...]:
        """Every pair of groups: the later one against the earlier one."""
        return tuple(
            Contrast(f"{self.names[b]} against {self.names[a]}", self.members[a], self.members[b])
            for a, b in combinations(range(len(self.names)), 2)
        )

    def contrast(self, first: str, second: str) -> Contrast:
        """The second group against the first.

        Raises:
            AnalysisError: there is no such group.
        """
        for name in (first, second):
            if name not in self.names:
                raise AnalysisError(f"There is no group {name!r}.", f"Groups: {', '.join(self.names)}.")
        a, b = self.names.index(first), self.names.index(second)
        return Contrast(f"{second} against {first}", self.members[a], self.members[b])

    def labels(self, samples: int) -> NDArray[np.str_]:
        """The name of the group of every sample; empty where it belongs to none."""
        labels = np.full(samples, "", f"<U{max(map(len, self.names))}")
        for name, rows in zip(self.names, self.members, strict=True):
            labels[rows] = name
        return labels


def average_replicates(
    values: NDArray[np.floating], units: Sequence[str]
) -> tuple[NDArray[np.floating], tuple[str, ...]]:
    """The mean over the replicates of each unit (CTOS used triplicates).

    Args:
        values: edges x samples.
        units: the unit of every sample, such as its patient and treatment.

    Returns:
        Edges x units, and the units in the order in which they first occur.

    Raises:
        AnalysisError: not one unit for each sample.
    """
    if len(units) != values.shape[1]:
        raise AnalysisError(f"{len(units)} units are named for {values.shape[1]} samples.")
    names = tuple(dict.fromkeys(units))
    place = {name: i for i, name in enumerate(names)}
    weights = np.zeros((len(units), len(names)), values.dtype)
    weights[np.arange(len(units)), [place[unit] for unit in units]] = 1.0
    return (values @ weights) / weights.sum(axis=0), names


def _check_members(groups: Mapping[str, Sequence[str]], samples: Sequence[str]) -> None:
    known = set(samples)
    unknown = sorted({name for names in groups.values() for name in names} - known)
    if unknown:
        few = named(list(samples))
        raise AnalysisError(f"Groups name unknown samples: {named(unknown)}.", f"The samples are: {few}.")
    for group, names in groups.items():
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice:
            raise AnalysisError(f"The group {group!r} names samples more than once: {named(twice)}.")
        if len(names) < 2:
            raise AnalysisError(
                f"The group {group!r} has {_count(len(names), 'sample')}: a group needs two.",
                "Compare single samples as pairs instead, or leave the group out.",
            )
    for (a, first), (b, second) in combinations(groups.items(), 2):
        both = sorted(set(first) & set(second))
        if both:
            raise AnalysisError(f"The groups {a!r} and {b!r} overlap: both have {named(both)}.")


def _count(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def _strata(groups: Mapping[str, Sequence[str]], samples: Sequence[str], strata: Mapping[str, str]) -> NDArray[np.intp]:
    missing = sorted(name for names in groups.values() for name in names if name not in strata)
    if missing:
        raise AnalysisError(f"Samples without a stratum: {named(missing)}.")
    numbers: dict[str, int] = {}
    # Samples of no group may lack one: they are never exchanged.
    return np.array([numbers.setdefault(strata.get(name, ""), len(numbers)) for name in samples], np.intp)


def _check_exchange(contrast: Contrast, strata: NDArray[np.intp] | None) -> None:
    assert strata is not None
    if not np.intersect1d(strata[contrast.first], strata[contrast.second]).size:
        raise AnalysisError(
            f"No stratum has samples of both groups of {contrast.name}: nothing can be exchanged.",
            "Test without strata, or choose strata that both groups share.",
        )
