"""Checkpoints of long runs: what a run has reached, in a file that is replaced as a whole."""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.search.options import LearningOptions
from warehouse.atomic import new_file
from warehouse.errors import AnalysisError

#: Seconds between two writings, so that they take little of the time.
_AT_MOST_EVERY_S = 20.0

#: What may be chosen anew when a run goes on.
_MAY_DIFFER = {"threads", "memory_gb"}

State = Mapping[str, NDArray[np.generic]]


def key_of(prepared: Prepared, options: LearningOptions) -> str:
    """A digest of the data and of what decides the result."""
    digest = hashlib.sha256(np.ascontiguousarray(prepared.z.T).tobytes())
    digest.update(prepared.tiers.tobytes() + prepared.origin.tobytes())
    chosen = {name: value for name, value in options.as_parameters().items() if name not in _MAY_DIFFER}
    digest.update(repr(sorted(chosen.items())).encode())
    return digest.hexdigest()


class Checkpoint:
    """One file with the state of one run.

    Args:
        path: of the file; None = nothing is kept.
        key: of the run (`key_of`); a file of another run is refused.
    """

    def __init__(self, path: Path | None, key: str) -> None:
        self._path, self._key = path, key
        self._written = 0.0

    def load(self) -> dict[str, NDArray[np.generic]] | None:
        """The state that an earlier run left; None if there is none.

        Raises:
            AnalysisError: the file is of other data or options, or is no checkpoint.
        """
        if self._path is None or not self._path.exists():
            return None
        try:
            with np.load(self._path, allow_pickle=False) as stored:
                state = {name: stored[name] for name in stored.files}
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise AnalysisError(f"{self._path} is no checkpoint of a learner: {error}", "Delete it.") from error
        if str(state.pop("key", "")) != self._key:
            raise AnalysisError(
                f"The checkpoint {self._path} was made from other data or with other options.",
                "Delete it to start anew, or name another file.",
            )
        return state

    def save(self, state: State, *, now: bool = False) -> None:
        """Write a state, unless one was written a moment ago; `now` writes it in any case."""
        if self._path is None or (not now and time.monotonic() - self._written < _AT_MOST_EVERY_S):
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(self._path, durable=False) as unfinished, unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, key=np.array(self._key), **state)
        self._written = time.monotonic()

    def remove(self) -> None:
        """Delete the file: the run has ended."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
