"""The folder of a warehouse: its builds, which one is current, and who may write.

Layout::

    builds/<id>/warehouse.duckdb, receipt.json   one complete, immutable state each
    making/<name>/                               a build that is being made; never read
    candidate/<name>/                            an update that waits for the operator (see `warehouse.candidates`)
    current                                      the name of the current build, swapped atomically
    snapshots/                                   downloads (see `etl.fetching.snapshots`)
    documents/                                   documents that are kept here (see `warehouse.documents`)
    results/                                     what runs of analyses predict (see `warehouse.results`)
    state/                                       what users decided (undone merges), and what became of builds
    write.lock                                   held by the one process that writes
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warehouse import atomic
from warehouse.errors import BuildError
from warehouse.locks import HeldError, held

DATABASE = "warehouse.duckdb"
RECEIPT = "receipt.json"


@dataclass(frozen=True)
class Build:
    """One complete state of a warehouse.

    Args:
        id: time and content: `20261121T031400Z-1a2b3c4d`.
        folder: where it is.
        runs: the runs of analyses whose predictions are asked beside it, sorted (`warehouse.results`).
    """

    id: str
    folder: Path
    runs: tuple[str, ...] = ()

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.folder / DATABASE

    @property
    def home(self) -> Home | None:
        """The folder of the warehouse that it belongs to; None for one that stands alone."""
        folder = self.folder.absolute().parent
        return Home(folder.parent) if folder.name == "builds" else None

    def receipt(self) -> dict[str, Any]:
        """What was read, kept and set aside, by source."""
        path = self.folder / RECEIPT
        try:
            return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
        except (OSError, ValueError) as error:
            raise BuildError(f"The receipt of build {self.id} cannot be read: {error}") from error


class Home:
    """The folder of a warehouse.

    Args:
        root: the folder; made when something is first written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()

    @property
    def snapshots(self) -> Path:
        """The folder of downloads."""
        return self.root / "snapshots"

    @property
    def documents(self) -> Path:
        """The folder of documents that are kept."""
        return self.root / "documents"

    @property
    def results(self) -> Path:
        """The folder of what runs of analyses predict."""
        return self.root / "results"

    @property
    def state(self) -> Path:
        """The folder of what users decided."""
        return self.root / "state"

    def builds(self) -> list[Build]:
        """All complete builds, oldest first."""
        folders = sorted(self.root.glob(f"builds/*/{RECEIPT}"))
        return [Build(path.parent.name, path.parent) for path in folders]

    def current(self) -> Build:
        """The current build.

        Raises:
            BuildError: there is none, or the pointer names one that is gone.
        """
        pointer = self.root / "current"
        try:
            name = pointer.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            raise BuildError(
                f"There is no build in {self.root}.",
                "Make one: `targetgraph build --sample`, or `targetgraph build --raw FOLDER` with your downloads.",
            ) from None
        except (OSError, ValueError) as error:
            raise BuildError(
                f"{pointer} cannot be read: {error}", "`targetgraph rollback BUILD` writes it anew."
            ) from error
        known = {build.id: build for build in self.builds()}
        if name not in known:
            builds = ", ".join(known) or "none"
            raise BuildError(f"The current build {name!r} is gone.", f"Go back to another with `rollback`: {builds}")
        return known[name]

    def build(self, name: str) -> Build:
        """The build of that id, or the one whose id begins with it.

        Raises:
            BuildError: none or several fit.
        """
        fitting = [build for build in self.builds() if build.id.startswith(name)]
        exact = [build for build in fitting if build.id == name]
        if len(exact or fitting) == 1:
            return (exact or fitting)[0]
        known = ", ".join(build.id for build in fitting or self.builds()) or "none"
        raise BuildError(f"{name!r} names {len(fitting)} builds.", f"Builds: {known}")

    @contextlib.contextmanager
    def writing(self, wait_s: float = 0) -> Iterator[Writer]:
        """Be the one who writes, for the length of the `with` block.

        Args:
            wait_s: how long to wait for another writer.

        Raises:
            BuildError: another process writes; the message names it.
        """
        self.make(self.root)
        path = self.root / "write.lock"
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(held(path, wait_s))
            except HeldError:
                raise BuildError(
                    f"Another build is being made in {self.root}: {_owner(path.read_text(encoding='utf-8'))}.",
                    "Wait for it, or call again with --wait SECONDS.",
                ) from None
            except OSError as error:
                raise BuildError(f"{path} cannot be locked: {error.strerror}") from error
            owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
            path.write_text(json.dumps(owner), encoding="utf-8")
            try:
                yield Writer(self)
            finally:
                path.write_text("", encoding="utf-8")

    def previous(self) -> Build:
        """The build before the current one.

        Raises:
            BuildError: there is none.
        """
        current = self.current()
        earlier = [build for build in self.builds() if build.id < current.id]
        if not earlier:
            raise BuildError(f"There is no build before {current.id}.")
        return earlier[-1]

    def make(self, folder: Path) -> None:
        """Make a folder of the warehouse, with those above it.

        Raises:
            BuildError: it cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BuildError(
                f"The folder {folder} cannot be made: {error.strerror}",
                "Set TARGETGRAPH_HOME to a folder you may write.",
            ) from error


@dataclass(frozen=True)
class Writer:
    """What only the one who writes may do; made by `Home.writing`.

    Args:
        home: the warehouse that is written.
    """

    home: Home

    def new_build(self) -> Path:
        """An empty folder for a build in the making; what killed builds left is removed."""
        making = self.home.root / "making"
        shutil.rmtree(making, ignore_errors=True)
        folder = making / f"{os.getpid()}"
        self.home.make(folder)
        return folder

    def publish(self, folder: Path, content_hash: str, keep: int) -> Build:
        """Make a finished build the current one; keep the last ones.

        The folder is flushed to disk and renamed first, the pointer is swapped last: a crash leaves the old build or
        the new one, never half of either.
        """
        shutil.rmtree(folder / "spill", ignore_errors=True)
        for path in folder.iterdir():
            atomic.flush(path)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{content_hash[:8]}"
        target = self.home.root / "builds" / name
        self.home.make(target.parent)
        folder.rename(target)
        atomic.flush(target.parent)
        self.point_to(name)
        self._forget_old(keep, name)
        return Build(name, target)

    def point_to(self, name: str) -> None:
        """Make a build current, in one step."""
        atomic.write_text(self.home.root / "current", name + "\n", durable=True)

    def _forget_old(self, keep: int, current: str) -> None:
        for build in self.home.builds()[: -max(keep, 1)]:
            if build.id != current:
                # The receipt goes first: a folder without one is no build.
                (build.folder / RECEIPT).unlink(missing_ok=True)
                shutil.rmtree(build.folder, ignore_errors=True)


def _owner(text: str) -> str:
    try:
        owner = json.loads(text)
        return f"process {owner['pid']} on {owner['host']}, since {owner['since']}"
    except (ValueError, KeyError, TypeError):
        return "the owner is not known"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
