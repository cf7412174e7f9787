"""Getting the files of a build: from a folder of downloads, or from the network at their pinned releases."""

from __future__ import annotations

from collections.abc import Sequence

from etl.locate import Folder, FoundFile, Inputs, find, remotes, verify_choices
from etl.snapshots import SnapshotStore
from etl.source import Remote, Source, SourceFile
from warehouse.errors import NotPublishedError, SourceError
from warehouse.home import Home
from warehouse.progress import Progress


def acquire(
    wanted: Sequence[Source],
    downloads: Folder | None,
    home: Home,
    release: str | None,
    *,
    offline: bool,
    progress: Progress,
) -> list[Inputs]:
    """The files of every source that is wanted.

    Args:
        wanted: the sources.
        downloads: a folder of downloads; None = fetch.
        home: keeps the snapshots.
        release: take this release instead of the newest; only of a folder.
        offline: use snapshots that are already there.
        progress: told of downloads.

    Raises:
        SourceError: a required file is missing or cannot be fetched.
    """
    if downloads is not None:
        return [find(one, downloads, release) for one in wanted]
    store = SnapshotStore(home.snapshots)
    named = len(wanted) == 1
    return [
        _fetch_source(one, store, offline=offline, progress=progress) if named or remotes(one) else _by_hand(one)
        for one in wanted
    ]


def _by_hand(declared: Source) -> Inputs:
    """A source whose files are published in no way that can be fetched: a full build goes on without it."""
    return Inputs(declared, (), tuple(part.part for part in declared.files))


def _fetch_source(declared: Source, store: SnapshotStore, *, offline: bool, progress: Progress) -> Inputs:
    files: list[FoundFile] = []
    missing = [part.part for part in declared.files if part.remote is None]
    for part, remote in remotes(declared):
        try:
            files.append(_fetch_file(declared, part, remote, store, offline=offline, progress=progress))
        except NotPublishedError as error:
            if part.required:
                raise
            missing.append(f"{part.part} ({error.message})")
    if not files:
        raise SourceError(
            f"{declared.name} has no file that can be fetched.",
            f"Download it from {declared.homepage} and build with --raw FOLDER.",
        )
    verify_choices(declared, {file.part for file in files})
    return Inputs(declared, tuple(files), tuple(missing))


def _fetch_file(
    declared: Source, part: SourceFile, remote: Remote, store: SnapshotStore, *, offline: bool, progress: Progress
) -> FoundFile:
    from etl.fetch import Download, fetch

    download = Download(url=remote.url, sha256=remote.sha256, size_bytes=remote.size_bytes)
    snapshot = fetch(download, store, progress=progress, offline=offline)
    return FoundFile(
        declared.name,
        part.part,
        snapshot.path,
        snapshot.name,
        remote.release,
        snapshot.sha256,
        snapshot.size_bytes,
        remote.rows,
        subset=False,
        url=remote.url,
    )
