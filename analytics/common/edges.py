"""Relationships of a build as arrays with ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from warehouse.errors import QuestionError
from warehouse.model import FULL_MODEL

if TYPE_CHECKING:
    from analytics.analysis import RunContext

__all__ = ["EdgeArrays", "read_edges"]

Integers = NDArray[np.int64]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class EdgeArrays:
    """Relationships, each once, sorted by subject, object and type.

    Args:
        ids: the entities at their ends, sorted.
        types: the relationship types that occur, sorted.
        subject, object: the ends of each, as places in `ids`.
        type: of each, as a place in `types`.
    """

    ids: Names
    types: tuple[str, ...]
    subject: Integers
    object: Integers
    type: Integers

    @classmethod
    def of_names(cls, subjects: Names, objects: Names, types: Names) -> EdgeArrays:
        """From the names of ends and types, one of each for every relationship."""
        ids, ends = np.unique(np.concatenate([subjects, objects]), return_inverse=True)
        kinds, kind = np.unique(types, return_inverse=True)
        subject, object_ = ends.reshape(2, -1).astype(np.int64)
        return cls(ids, tuple(kinds.tolist()), subject, object_, kind.astype(np.int64))

    def __len__(self) -> int:
        return len(self.subject)

    @property
    def subjects(self) -> Names:
        """The id of each subject."""
        return self.ids[self.subject]

    @property
    def objects(self) -> Names:
        """The id of each object."""
        return self.ids[self.object]


def read_edges(
    context: RunContext, types: tuple[str, ...], subject: str | None = None, object_: str | None = None
) -> EdgeArrays:
    """The relationships of some types (`RunContext.edges`).

    Args:
        context: the run.
        types: the relationship types.
        subject, object_: the entity type of each end; None = any.

    Raises:
        QuestionError: there is no such relationship or entity type.
    """
    _verify("relationship", types, FULL_MODEL.relationships)
    ends = {end: label for end, label in (("subject", subject), ("object", object_)) if label is not None}
    _verify("entity", tuple(ends.values()), FULL_MODEL.entities)
    # The names of tables are the model's own.
    among = [f' AND {end} IN (SELECT id FROM "{FULL_MODEL.entities[label].table}")' for end, label in ends.items()]
    text = "SELECT DISTINCT subject, object, predicate FROM relationships WHERE list_contains($types, predicate)"
    frame = context.frame(f"{text}{''.join(among)} ORDER BY ALL", types=list(types))
    return EdgeArrays.of_names(*(frame[name].to_numpy().astype(str) for name in ("subject", "object", "predicate")))


def _verify(what: str, names: tuple[str, ...], known: Mapping[str, object]) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise QuestionError(f"There is no {what} type {unknown[0]!r}.", f"Types: {', '.join(sorted(known))}.")
