"""What the settings say of every build, whichever verb makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.build import Plan
    from warehouse.settings import Settings


def plan_of(settings: Settings, wait_s: float, scheduler: str | None = None) -> Plan:
    """A plan of all sources at their pinned releases.

    Args:
        settings: how many builds are kept, and what a build may take.
        wait_s: how long to wait for another build.
        scheduler: the address of a Dask scheduler, instead of the one of the settings.
    """
    from etl.build import Plan
    from etl.parallel import Workers

    return Plan(
        keep=settings.keep_builds,
        memory_mb=settings.build_memory_mb,
        threads=settings.threads,
        wait_s=wait_s,
        keep_documents=settings.keep_documents,
        workers=Workers(settings.build_processes, scheduler or settings.dask_scheduler),
    )
