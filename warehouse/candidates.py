"""A build that waits for the operator: made beside the current one, complete, and held because it lost too much.

There is at most one, in `candidate/` of the folder of the warehouse; a later one takes its place. It is published as it
is, or discarded. Nothing reads it but the comparison with the current build.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.atomic import flush, write_text
from warehouse.errors import BuildError
from warehouse.home import Build, Home, Writer

#: What is known of a candidate beside its receipt.
_NOTE = "candidate.json"


@dataclass(frozen=True)
class Candidate:
    """A build that waits.

    Args:
        build: the build, which is not published.
        base: the id of the build that it was compared with.
        reasons: why it is held, as sentences.
        releases: the release of each source that it was made to have.
    """

    build: Build
    base: str
    reasons: tuple[str, ...]
    releases: Mapping[str, str]

    def sentence(self) -> str:
        """What an operator should know."""
        return (
            f"A newer build waits to be published ({', '.join(f'{n} {r}' for n, r in sorted(self.releases.items()))}): "
            f"{' '.join(self.reasons)} Look at `targetgraph update --show`, then "
            "`targetgraph update --publish` or `--discard`."
        )


def candidate(home: Home) -> Candidate | None:
    """The build that waits; None where there is none.

    Raises:
        BuildError: what is known of it is damaged.
    """
    for path in sorted(home.root.glob(f"candidate/*/{_NOTE}")):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
            return Candidate(
                Build(path.parent.name, path.parent), note["base"], tuple(note["reasons"]), dict(note["releases"])
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BuildError(f"{path} is damaged: {error}", "Remove its folder: `targetgraph update` again.") from error
    return None


def hold(builds: Writer, folder: Path, base: str, reasons: tuple[str, ...], releases: Mapping[str, str]) -> Candidate:
    """Keep a finished build until the operator decides; one that waited before goes.

    Args:
        builds: the one who writes.
        folder: the finished build, in `making/`.
        base: the id of the current build.
        reasons: why it is not published, as sentences.
        releases: the release of each source that it was made to have.
    """
    discard(builds)
    shutil.rmtree(folder / "spill", ignore_errors=True)
    note: dict[str, Any] = {"base": base, "reasons": reasons, "releases": dict(releases)}
    write_text(folder / _NOTE, json.dumps(note, indent=1), durable=True)
    for path in sorted(folder.iterdir()):
        flush(path)
    target = builds.home.root / "candidate" / f"candidate-{folder.name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)
    return Candidate(Build(target.name, target), base, reasons, dict(releases))


def publish_candidate(builds: Writer, keep: int) -> tuple[Build, Mapping[str, str]]:
    """Publish the build that waits.

    Returns:
        The build, and the release of each source that it was made to have.

    Raises:
        BuildError: none waits, or another build has become current since it was made.
    """
    waiting = candidate(builds.home)
    if waiting is None:
        raise BuildError("No build waits to be published.", "`targetgraph update` looks for newer releases.")
    current = builds.home.current().id
    if current != waiting.base:
        raise BuildError(
            f"The build that waits was compared with {waiting.base}, and {current} is current now.",
            "Run `targetgraph update` again, or `targetgraph update --discard`.",
        )
    content_hash = str(waiting.build.receipt()["content_hash"])
    published = builds.publish(waiting.build.folder, content_hash, keep)
    (published.folder / _NOTE).unlink()
    return published, waiting.releases


def discard(builds: Writer) -> bool:
    """Remove the build that waits.

    Returns:
        Whether there was one.
    """
    folder = builds.home.root / "candidate"
    existed = folder.exists()
    shutil.rmtree(folder, ignore_errors=True)
    return existed
