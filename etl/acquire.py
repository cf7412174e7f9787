"""Getting the files of a build: from a folder of downloads, or from the network at their pinned releases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from etl.fetching.errors import LocalError, MismatchError, second_hand
from etl.fetching.snapshots import SnapshotStore, redact
from etl.locate import Folder, FoundFile, Inputs, find, remotes, verify_choices, verify_md5
from etl.source import Remote, Source, SourceFile
from warehouse.errors import NotPublishedError, SourceError
from warehouse.home import Home
from warehouse.progress import Progress

#: What the receipt says of a file that came as others had described it.
_VERIFIED = "The pinned checksum was second-hand; the first fetch verified it."


def acquire(
    wanted: Sequence[Source],
    downloads: Folder | None,
    home: Home,
    release: str | None,
    *,
    offline: bool,
    strict: bool,
    progress: Progress,
) -> list[Inputs]:
    """The files of every source that is wanted; of one whose files are not to be had, the reason.

    Args:
        wanted: the sources.
        downloads: a folder of downloads; None = fetch.
        home: keeps the snapshots.
        release: take this release instead of the newest; only of a folder.
        offline: use snapshots that are already there.
        strict: raise where a file is missing or cannot be fetched.
        progress: told of downloads.

    Raises:
        SourceError: this machine cannot keep a download; or a file cannot be had, and `strict`.
    """
    store = SnapshotStore(home.snapshots)
    named = len(wanted) == 1
    inputs: list[Inputs] = []
    for declared in wanted:
        try:
            if downloads is not None:
                inputs.append(find(declared, downloads, release))
            elif named or remotes(declared):
                inputs.append(_fetch_source(declared, store, offline=offline, strict=strict, progress=progress))
            else:
                inputs.append(_by_hand(declared))
        except LocalError:
            raise
        except SourceError as error:
            if strict:
                raise
            inputs.append(Inputs(declared, (), failure=error))
    return inputs


def _by_hand(declared: Source) -> Inputs:
    """A source whose files are published in no way that can be fetched: a full build goes on without it."""
    return Inputs(declared, (), tuple(part.part for part in declared.files))


def _fetch_source(declared: Source, store: SnapshotStore, *, offline: bool, strict: bool, progress: Progress) -> Inputs:
    files: list[FoundFile] = []
    missing = [part.part for part in declared.files if part.remote is None]
    for part, remote in remotes(declared):
        try:
            files.append(_fetch_file(declared, part, remote, store, offline=offline, progress=progress))
        except NotPublishedError as error:
            if part.required:
                raise
            missing.append(f"{part.part} ({error.message})")
        except LocalError:
            raise
        except SourceError as error:
            if part.required or strict:
                raise
            files.append(_unfetched(declared, part, remote, error))
    if not files:
        raise SourceError(
            f"{declared.name} has no file that can be fetched.",
            f"Download it from {declared.homepage} and build with --raw FOLDER.",
        )
    verify_choices(declared, {file.part for file in files})
    return Inputs(declared, tuple(files), tuple(missing))


def _unfetched(declared: Source, part: SourceFile, remote: Remote, error: SourceError) -> FoundFile:
    """An optional file that could not be fetched: whoever reads it meets the reason."""
    name = PurePosixPath(unquote(urlsplit(remote.url).path)).name
    return FoundFile(
        declared.name, part.part, Path(name), name, remote.release, "", 0, None, False, redact(remote.url), error
    )


def _fetch_file(
    declared: Source, part: SourceFile, remote: Remote, store: SnapshotStore, *, offline: bool, progress: Progress
) -> FoundFile:
    from etl.fetching.fetch import Download, fetch

    download = Download(url=remote.url, sha256=remote.sha256, size_bytes=remote.size_bytes, anew=remote.anew)
    try:
        snapshot = fetch(download, store, progress=progress, offline=offline)
    except MismatchError as error:
        if remote.second_hand:
            raise second_hand(error) from error
        raise
    verify_md5(remote, snapshot.path)
    return FoundFile(
        declared.name,
        part.part,
        snapshot.path,
        snapshot.name,
        remote.release,
        snapshot.sha256,
        snapshot.size_bytes,
        remote.least_rows,
        subset=False,
        url=remote.url,
        most_rows=remote.most_rows,
        notes=(_VERIFIED,) if remote.second_hand else (),
    )
