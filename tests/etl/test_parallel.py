"""Batches on several processes: one result whatever does the work, and faults that name their files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from etl import parallel
from etl.build import Plan, build
from etl.locate import FoundFile
from etl.parallel import MANY, Workers, read_in_batches
from etl.reading import ManyRead
from etl.rows import Rows
from etl.sources.pdb import SOURCE
from tests.etl.test_reading import documents
from warehouse import extras, workers
from warehouse.errors import BuildError, WorkersError
from warehouse.extras import MissingExtraError
from warehouse.home import Home
from warehouse.statements import Stated

PART = SOURCE.part("entries")


@pytest.fixture
def files(tmp_path: Path) -> list[FoundFile]:
    folder = tmp_path / "documents"
    folder.mkdir()
    return documents(folder, 20)


def _told(read: list[ManyRead]) -> list[object]:
    return [
        (
            [file.name for file in one.files],
            [(ledger.rows_read, ledger.rows_kept, ledger.rows_quarantined) for ledger in one.ledgers],
            [(name, frame.rows()) for name, frame in one.statements],
            one.rejected().rows(),
        )
        for one in read
    ]


def _read(files: list[FoundFile], workers: Workers, **changes: Any) -> list[ManyRead]:
    return list(read_in_batches(files, replace(PART, **changes), SOURCE.options, set(), workers))


@pytest.mark.parametrize(
    ("workers", "documents", "wanted"),
    [
        (Workers(), MANY - 1, 1),
        (Workers(processes=3), 4000, 3),
        (Workers(processes=3), 900, 2),
        (Workers(processes=1), 10**6, 1),
        (Workers(processes=4), 1, 1),
    ],
)
def test_processes_are_started_where_they_pay(workers: Workers, documents: int, wanted: int) -> None:
    assert workers.wanted(documents) == wanted


def test_many_documents_take_every_core() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert Workers(batch_size=1).wanted(MANY) == min(cores or 1, MANY)


def test_a_pool_of_processes_gives_what_one_process_gives(
    files: list[FoundFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "find_spec", lambda _name: None)
    alone = _read(files, Workers(processes=1, batch_size=3))
    together = _read(files, Workers(processes=2, batch_size=3))
    assert [len(one.files) for one in alone] == [3, 3, 3, 3, 3, 3, 2]
    assert _told(together) == _told(alone)


@contextmanager
def _scheduler() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0", protocol="tcp://"
    ) as cluster:
        yield cluster.scheduler_address


def test_the_workers_of_a_dask_scheduler_give_what_one_process_gives(files: list[FoundFile]) -> None:
    with _scheduler() as address:
        together = _read(files, Workers(scheduler=address, batch_size=3))
    assert _told(together) == _told(_read(files, Workers(batch_size=3)))


def test_builds_are_equal_whoever_reads(
    files: list[FoundFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "find_spec", lambda _name: None)
    raw = files[0].path.parent
    with _scheduler() as address:
        choices = [Workers(processes=1, batch_size=7), Workers(processes=2, batch_size=7), Workers(scheduler=address)]
        hashes = set()
        for number, chosen in enumerate(choices):
            plan = Plan(only=("pdb",), raw=raw, subset=True, threads=1, workers=chosen)
            receipt = build(Home(tmp_path / f"home{number}"), plan).receipt()
            told = [{**file, "seconds": 0} for file in receipt["sources"][0]["files"]]
            hashes.add((receipt["content_hash"], repr(told)))
    assert len(hashes) == 1


def test_a_cluster_of_processes_is_made_on_this_machine(files: list[FoundFile]) -> None:
    pytest.importorskip("distributed")
    assert _told(_read(files, Workers(processes=2, batch_size=10))) == _told(_read(files, Workers(batch_size=10)))


def _fails(rows: Rows) -> Iterator[Stated]:
    if rows.frame["id"].str.contains("9X12").any():
        raise ZeroDivisionError
    yield from ()


def _ends_the_process(_rows: Rows) -> Iterator[Stated]:
    os._exit(1)
    yield


@pytest.mark.parametrize("processes", [1, 2])
def test_a_fault_names_its_file(files: list[FoundFile], processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "find_spec", lambda _name: None)
    with pytest.raises(ZeroDivisionError) as caught:
        _read(files, Workers(processes=processes, batch_size=5), parse=_fails)
    assert "while pdb parsed 9x12.cif.gz (entries)" in caught.value.__notes__


def test_a_lost_worker_names_the_files(files: list[FoundFile], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "find_spec", lambda _name: None)
    with pytest.raises(BuildError, match=r"5 files of pdb were read: 9x00\.cif\.gz to 9x04\.cif\.gz"):
        _read(files, Workers(processes=2, batch_size=5), parse=_ends_the_process)


def test_few_batches_are_under_way(files: list[FoundFile], monkeypatch: pytest.MonkeyPatch) -> None:
    started = 0

    class Counting(ProcessPoolExecutor):
        def submit(self, *args: Any, **kwargs: Any) -> Any:
            nonlocal started
            started += 1
            return super().submit(*args, **kwargs)

    @contextmanager
    def executor(*_: object) -> Iterator[tuple[Counting, int]]:
        with Counting(1, mp_context=get_context("spawn")) as pool:
            yield pool, 2

    monkeypatch.setattr(parallel, "workers_of", executor)
    under_way = [
        started - taken
        for taken, _read_ in enumerate(
            read_in_batches(files, PART, SOURCE.options, set(), Workers(batch_size=2)), start=0
        )
    ]
    assert max(under_way) == 2


def test_a_scheduler_that_is_not_there(files: list[FoundFile], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "_CONNECT_S", 0.5)
    with pytest.raises(WorkersError, match="There is no Dask scheduler at"):
        _read(files, Workers(scheduler="tcp://127.0.0.1:9"))


class _Idle:
    """A Dask client whose scheduler has no worker."""

    def __init__(self, *_: object, **__: object) -> None:
        self.Client = type(self)

    def __enter__(self) -> _Idle:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait_for_workers(self, _count: int, timeout: float) -> None:
        raise TimeoutError(timeout)


def test_a_scheduler_without_workers(files: list[FoundFile], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_distributed", _Idle)
    with pytest.raises(WorkersError, match="has no worker"):
        _read(files, Workers(scheduler="tcp://127.0.0.1:8786"))


def test_without_dask_the_extra_is_named(files: list[FoundFile], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"needs the extra 'dask': pip install '\.\[dask\]'"):
        _read(files, Workers(scheduler="tcp://127.0.0.1:8786"))
