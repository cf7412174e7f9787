"""Runs that are begun and not published: what they are, whether they can go on, and why one failed.

The account of an attempt is written before the run computes and removed when it is published, so that one that is
killed can be listed, taken up again or dropped.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TextIO

from warehouse import atomic
from warehouse.errors import AnalysisError

#: How long the maker of a run waits for one who only asks whether it is being made.
_LISTED_S = 0.2


@dataclass(frozen=True)
class Attempt:
    """The account of a run that is begun.

    Args:
        run: its name.
        analysis: the name of the analysis.
        parameters: its options, as JSON knows them.
        seed: the seed.
        build: the id of the build that it reads.
        started_at: ISO 8601, UTC.
        checkpoint: the folder in which it keeps what an interruption must not lose.
        reason: why it failed; empty while it computes and where it was stopped from outside.
    """

    run: str
    analysis: str
    parameters: Mapping[str, Any]
    seed: int
    build: str
    started_at: str
    checkpoint: str
    reason: str = ""

    @property
    def resumable(self) -> bool:
        """Whether it kept anything to go on from."""
        return any(Path(self.checkpoint).glob("*"))


class Attempts:
    """The attempts of a warehouse.

    Args:
        folder: where each has a folder for its checkpoint, an account and a lock, by the name of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> set[str]:
        """The runs of which an attempt has left something."""
        folders = {path.name for path in self.folder.glob("*") if path.is_dir()}
        return folders | {path.stem for path in self.folder.glob("*.json")}

    def checkpoint(self, run: str) -> Path:
        """The folder in which a run keeps what an interruption must not lose, unless its user chose another."""
        return self.folder / run

    def get(self, run: str) -> Attempt | None:
        """The account of an attempt; None where there is none that can be read."""
        try:
            document = json.loads(self.account(run).read_text(encoding="utf-8"))
            known = {one.name for one in fields(Attempt)}
            return Attempt(**{name: value for name, value in document.items() if name in known})
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def is_made(self, run: str) -> bool:
        """Whether a process makes the run; it is asked for an instant, which the makers of runs wait for."""
        try:
            with self._lock(run).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return False
        except BlockingIOError:
            return True
        except OSError:
            return False

    @contextlib.contextmanager
    def making(self, run: str) -> Iterator[Making]:
        """Be the one who makes or drops this run, for the length of the `with` block.

        Raises:
            AnalysisError: another process makes the same run.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked(run):
            try:
                yield Making(self, run)
            finally:
                # An empty folder is nothing to go on from.
                with contextlib.suppress(OSError):
                    self.checkpoint(run).rmdir()
                if run not in self.names():
                    self._lock(run).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, run: str) -> Iterator[None]:
        deadline = time.monotonic() + _LISTED_S
        while True:
            with self._lock(run).open("a", encoding="utf-8") as lock:
                if _is_locked(lock) and _is_same(lock, self._lock(run)):
                    yield
                    return
            if time.monotonic() > deadline:
                raise AnalysisError(f"The run {run} is being made by another process.", "Wait for it, or stop it.")
            time.sleep(0.02)

    def account(self, run: str) -> Path:
        """The file that holds the account of an attempt."""
        return self.folder / f"{run}.json"

    def _lock(self, run: str) -> Path:
        return self.folder / f"{run}.lock"


@dataclass(frozen=True)
class Making:
    """What only the one who makes or drops a run may do; made by `Attempts.making`.

    Args:
        attempts: those of the warehouse.
        run: the run that is made.
    """

    attempts: Attempts
    run: str

    @property
    def checkpoint(self) -> Path:
        """The folder of its checkpoint, which may not be there yet."""
        return self.attempts.checkpoint(self.run)

    def begin(self, attempt: Attempt) -> None:
        """Write the account of the attempt."""
        document = json.dumps(asdict(attempt), indent=1, ensure_ascii=False)
        atomic.write_text(self.attempts.account(self.run), document, durable=True)

    def fail(self, reason: str) -> None:
        """Say why the attempt failed."""
        attempt = self.attempts.get(self.run)
        if attempt is not None:
            self.begin(replace(attempt, reason=reason))

    def forget(self) -> None:
        """Remove what the attempt has left in the warehouse."""
        shutil.rmtree(self.checkpoint, ignore_errors=True)
        self.attempts.account(self.run).unlink(missing_ok=True)


def _is_locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_same(lock: TextIO, path: Path) -> bool:
    """Whether the file that was locked is still the one of that name: its maker removes it in the end."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
