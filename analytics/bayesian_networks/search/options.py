"""What a user chooses about learning a network."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import log
from typing import Any, Literal

from warehouse.errors import AnalysisError

Score = Literal["sbic", "bnrc", "bic", "ebic"]
Functions = Literal["choose", "additive", "linear"]

Method = Literal["order", "hill_climbing", "nnsr"]

_METHODS = ("order", "hill_climbing", "nnsr")
_SCORES = ("sbic", "bnrc", "bic", "ebic")
_FUNCTIONS = ("choose", "additive", "linear")

#: The most candidates of one child.
MAXIMUM_CANDIDATES = 512


@dataclass(frozen=True)
class LearningOptions:
    """How a network is learned; the defaults suit expression data of any size.

    Args:
        score: "sbic" (default), "bnrc" (the marginal likelihood of penalised curves), "bic" or "ebic" (straight lines).
        functions: "choose" decides for each edge by the score whether it is a straight line or a curve; "additive"
            takes curves wherever the parent has more than two values; "linear" takes straight lines only.
        coordinates: the most coordinates of one curve, 1 to 19 (`basis.demmler_reinsch`).
        candidates: the most candidate parents of one variable, up to 512; None = all where
            variables are few, else 28 (64 for straight lines).
        maximum_parents: the most parents of one variable.
        edge_penalty: what each parent costs beside its degrees of freedom, in units of −2 log likelihood;
            None = 2·log p for "sbic" and "ebic" (EBIC with γ = 1, Chen & Chen 2008), 0 for "bic" and "bnrc".
        rescreens: how often the residuals of the network are screened for candidates that were missed; None = by the
            number of variables.
        restarts: how often the order is shaken and searched again, at most; None = by the number of variables.
        seed: fixes the result, whatever the number of threads.
        threads: how many are used; None = one for each core.
        memory_gb: the most that learning may take; None = what the machine has free.
        method: "order" searches orders of all variables (the most accurate); "hill_climbing" adds, deletes and turns
            edges round; "nnsr" compiles many small networks into frequencies, with cycles (Tamada et al. 2011).

    Raises:
        AnalysisError: a value is out of its range.
    """

    score: Score = "sbic"
    functions: Functions = "choose"
    coordinates: int = 8
    candidates: int | None = None
    maximum_parents: int = 10
    edge_penalty: float | None = None
    rescreens: int | None = None
    restarts: int | None = None
    seed: int = 0
    threads: int | None = None
    memory_gb: float | None = None
    method: Method = "order"

    def __post_init__(self) -> None:
        _one_of("score", self.score, _SCORES)
        _one_of("method", self.method, _METHODS)
        _one_of("functions", self.functions, _FUNCTIONS)
        _between("coordinates", self.coordinates, 1, 19)
        _between("candidates", self.candidates, 1, MAXIMUM_CANDIDATES)
        _between("maximum_parents", self.maximum_parents, 1, 64)
        _between("rescreens", self.rescreens, 0, 10)
        _between("restarts", self.restarts, 0, 1000)
        _between("threads", self.threads, 1, 1024)
        _between("edge_penalty", self.edge_penalty, 0, float("inf"))
        _between("seed", self.seed, 0, 2**63 - 1)

    @property
    def linear(self) -> bool:
        """Whether every edge is a straight line."""
        return self.functions == "linear" or self.score in {"bic", "ebic"}

    def penalty_of_an_edge(self, variables: int) -> float:
        """What each parent costs beside its degrees of freedom."""
        if self.edge_penalty is not None:
            return self.edge_penalty
        return 2 * log(max(variables, 2)) if self.score in {"sbic", "ebic"} else 0.0

    def as_parameters(self) -> dict[str, Any]:
        """All options, as a run records them."""
        return asdict(self)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise AnalysisError(f"{name} is {value!r}.", f"Choose one of {', '.join(allowed)}.")


def _between(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise AnalysisError(f"{name} is {value}; it must lie between {low} and {high}.")
