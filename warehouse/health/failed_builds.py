"""The builds that failed since a build of the same sources was published: one small file beside the builds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from warehouse import atomic
from warehouse.errors import TargetGraphError
from warehouse.home import Home

_FILE = "failed_builds.json"


@dataclass(frozen=True)
class FailedBuild:
    """A build that was not published.

    Args:
        sources: the sources that were to be refreshed; empty = all.
        failed_at: ISO 8601 in UTC.
        reason: the words of the error.
    """

    sources: tuple[str, ...]
    failed_at: str
    reason: str

    def sentence(self) -> str:
        """What a person reads of it."""
        what = ", ".join(self.sources) or "all sources"
        return f"The last build of {what} failed at {self.failed_at} because: {self.reason}"


def note_failure(home: Home, sources: Sequence[str], reason: str) -> None:
    """Record that a build failed; in the place of an earlier failure of the same sources.

    A folder that cannot be written is no second error: the caller raises the first.
    """
    failed = FailedBuild(tuple(sorted(set(sources))), datetime.now(UTC).isoformat(timespec="seconds"), reason)
    with suppress(OSError, TargetGraphError):
        _save(home, [*(one for one in failed_builds(home) if one.sources != failed.sources), failed])


def note_success(home: Home, sources: Sequence[str]) -> None:
    """Forget the failures of these sources, and all of them after a build of all sources."""
    made = set(sources)
    with suppress(OSError, TargetGraphError):
        known = failed_builds(home)
        left = [one for one in known if made and not (one.sources and set(one.sources) <= made)]
        if left != known:
            _save(home, left)


def failed_builds(home: Home) -> list[FailedBuild]:
    """The builds that failed and have not been made up for, the oldest first.

    Raises:
        TargetGraphError: the file is damaged.
    """
    path = home.state / _FILE
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [FailedBuild(tuple(row["sources"]), str(row["failed_at"]), str(row["reason"])) for row in rows]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TargetGraphError(
            f"{path} cannot be read: {error}", "Remove it; the next build writes it anew."
        ) from error


def _save(home: Home, failed: Sequence[FailedBuild]) -> None:
    home.state.mkdir(parents=True, exist_ok=True)
    document = json.dumps([asdict(one) for one in failed], indent=1, ensure_ascii=False)
    atomic.write_text(home.state / _FILE, document + "\n", durable=True)
