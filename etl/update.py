"""Newer releases into the warehouse: fetched, built aside, compared with the current build, then published or held.

An update is published where it loses little, and held for the operator otherwise: half a file, or a column
that is mapped no more, must not reach the analysts unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from etl.build import Plan, build, publish
from etl.freshness import Freshness, adopt_releases, freshness
from etl.receipt import Receipt, SourceReceipt
from etl.source import source, sources
from warehouse.candidates import Candidate, discard, hold, publish_candidate
from warehouse.diff import Difference, difference
from warehouse.errors import BuildError
from warehouse.home import Build, Home, Writer
from warehouse.model import MODEL, EntityType
from warehouse.progress import SILENT, Progress
from warehouse.results.store import Results

#: Losses of fewer rows than this are no reason to hold an update, whatever their share.
_FEW_ROWS = 10
#: How many releases of a source a cause names.
_SHOWN = 3


@dataclass(frozen=True)
class UpdateLimits:
    """What an update may lose and still be published without an operator.

    Args:
        rows_lost: the share of the rows of one type that one source stated and states no more, 0 to 1.
        entities_vanished: the share of the entities of one type that are no longer there, 0 to 1.
    """

    rows_lost: float = 0.05
    entities_vanished: float = 0.02


@dataclass(frozen=True)
class Update:
    """What became of an update.

    Args:
        asked: what each publisher said.
        published: the build that is current now; None where nothing was newer, or it is held.
        held: the build that waits for the operator; None where there is none.
        changes: `type`, `source`, `before`, `after`, `added`, `removed`, `changed`, `cause`.
        failed: why sources are not part of it.
    """

    asked: tuple[Freshness, ...]
    published: Build | None = None
    held: Candidate | None = None
    changes: pl.DataFrame | None = None
    failed: tuple[str, ...] = ()


def update(
    home: Home,
    plan: Plan,
    limits: UpdateLimits = UpdateLimits(),
    progress: Progress = SILENT,
) -> Update:
    """Fetch what is newer, build it aside, and publish it where it holds the limits.

    Args:
        home: a warehouse with a build.
        plan: how to build; `only` are the sources to look at (empty = those of the current build), `raw` is not used.
        limits: what may be lost.
        progress: told of the work.

    Raises:
        SourceError: no newer release could be fetched and read; the current build stays.
        BuildError: there is no build, or another is being made.
    """
    current = home.current()
    names = plan.only or tuple(one["source"] for one in current.receipt()["sources"] if one["source"] in sources())
    asked = tuple(freshness(home, [source(name) for name in names], progress))
    newer = {one.source: one.published for one in asked if one.state == "newer"}
    failed = tuple(f"{one.source}: {one.detail}" for one in asked if one.state == "unknown" and one.detail)
    if not newer:
        return Update(asked, failed=failed)
    decision = _Decision(current, newer, limits)
    chosen = replace(plan, only=tuple(sorted(newer)), releases=newer, raw=None)
    made = build(home, chosen, progress, settle=decision.settle)
    failed += tuple(_failures(made.receipt(), newer))
    published = None if decision.held else made
    return Update(asked, published, decision.held, decision.changes, failed)


def updated(home: Home, plan: Plan, progress: Progress = SILENT, limits: UpdateLimits = UpdateLimits()) -> Build:
    """Update, for a schedule: give the build that is current then, and raise for all that an operator must hear.

    Raises:
        BuildError: the update is held, or a publisher could not be asked; what could be published was.
        SourceError: no newer release could be fetched and read.
    """
    made = update(home, plan, limits, progress)
    if made.held is not None:
        raise BuildError(made.held.sentence())
    if made.failed:
        raise BuildError("Not all sources could be updated: " + "; ".join(made.failed))
    return made.published or home.current()


def publish_held(home: Home, keep: int, wait_s: float = 0) -> Build:
    """Publish the update that waits, as the operator decided.

    Raises:
        BuildError: none waits, another build has become current since, or another process writes.
    """
    with home.writing(wait_s) as builds:
        published, releases = publish_candidate(builds, keep)
        adopt_releases(home, releases)
    Results(home).follow()
    return published


@dataclass
class _Decision:
    """Publishes a finished build, or holds it; remembers why."""

    base: Build
    releases: Mapping[str, str]
    limits: UpdateLimits
    held: Candidate | None = None
    changes: pl.DataFrame | None = None

    def settle(self, builds: Writer, plan: Plan, folder: Path, receipt: Receipt) -> Build:
        """What becomes of the build: see `etl.build.Settle`."""
        after = Build(folder.name, folder)
        found = difference(self.base, after)
        self.changes = with_causes(found.by_source, self.base.receipt(), receipt.as_json())
        reasons = losses(found, self.base.receipt()["counts"], self.limits)
        # Of a source that failed, the build has what the one before had.
        taken = {one.source: self.releases[one.source] for one in receipt.sources if self._was_read(one)}
        if reasons:
            self.held = hold(builds, folder, self.base.id, reasons, taken)
            return self.held.build
        discard(builds)
        published = publish(builds, plan, folder, receipt)
        adopt_releases(builds.home, taken)
        return published

    def _was_read(self, account: SourceReceipt) -> bool:
        return account.source in self.releases and not account.failure


def losses(found: Difference, counts: Mapping[str, int], limits: UpdateLimits) -> tuple[str, ...]:
    """Why a build must not be published unseen: a sentence for each limit that it breaks.

    Args:
        found: what differs from the current build.
        counts: the rows of each type in the current build.
        limits: what may be lost.
    """
    reasons = [
        f"{row['source']} no longer states {row['removed']:,} of {row['before']:,} rows of {row['type']}."
        for row in found.by_source.iter_rows(named=True)
        if row["removed"] >= _FEW_ROWS and row["removed"] > limits.rows_lost * row["before"]
    ]
    entity_types = [declared.label for declared in MODEL if isinstance(declared, EntityType)]
    vanished = (
        found.rows.filter(pl.col("change") == "removed", pl.col("type").is_in(entity_types))
        .group_by("type")
        .len()
        .sort("type")
    )
    reasons += [
        f"{count:,} of {counts[name]:,} entities of type {name} are gone."
        for name, count in vanished.iter_rows()
        if count >= _FEW_ROWS and count > limits.entities_vanished * counts[name]
    ]
    return tuple(reasons)


def with_causes(by_source: pl.DataFrame, before: Mapping[str, Any], after: Mapping[str, Any]) -> pl.DataFrame:
    """The changes between two builds, each with what may have caused it.

    A change of a source's rows comes from its own files, from how they are mapped, or from the code that all sources
    share; where none of these differs, it comes from what other sources say of the same identifiers.

    Args:
        by_source: the changes, as `warehouse.diff` counts them.
        before: the receipt of the one build.
        after: the receipt of the other.
    """
    old, new = ({one["source"]: one for one in receipt["sources"]} for receipt in (before, after))
    shared = ["code"] if before.get("code", "") != after.get("code", "") else []
    own = {name: _own_causes(old.get(name), new.get(name)) for name in {*old, *new}}
    others = sorted(name for name, causes in own.items() if causes)
    causes = [
        "; ".join([*own.get(name, []), *shared]) or "identifiers of " + (", ".join(others) or "other sources")
        for name in by_source["source"]
    ]
    return by_source.with_columns(pl.Series("cause", causes, dtype=pl.String))


def _failures(receipt: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    return [
        f"{one['source']}: {one['failure']}" for one in receipt["sources"] if one["source"] in names and one["failure"]
    ]


def _own_causes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    if before is None or after is None:
        return ["source is new" if before is None else "source is gone"]
    causes = []
    if _checksums(before) != _checksums(after):
        causes.append(f"source {_releases(before)} → {_releases(after)}")
    if before.get("mapping", "") != after.get("mapping", ""):
        causes.append("mapping")
    return causes


def _checksums(account: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((file["part"], file["sha256"]) for file in account["files"])


def _releases(account: Mapping[str, Any]) -> str:
    names = sorted({file["release"] for file in account["files"]})
    rest = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return ", ".join([*names[:_SHOWN], *rest]) or "none"
