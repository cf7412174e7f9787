"""Which files a build reads: found below a folder by the patterns of the sources, or fetched at a pinned release."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.formats.content import content_sha256, is_annexed, verify_content
from etl.formats.observed import description_path
from etl.source import BatchFormat, Pin, Remote, Source, SourceFile
from warehouse.errors import FetchError, SourceError

#: A folder of downloads may declare that its files are parts of releases, and how many rows each has.
SUBSET_MANIFEST = "targetgraph-subset.json"

_DATE = re.compile(r"(?<!\d)(20\d\d)[-_/.]?(0[1-9]|1[0-2])[-_/.]?(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True)
class FoundFile:
    """A file that a build will read.

    Args:
        source: the source's name.
        part: which of the source's files it is.
        path: where it is now.
        name: its path below the folder of downloads, as receipts and tables show it.
        release: the release it belongs to.
        sha256: the checksum of its bytes.
        size_bytes: its size.
        expected_rows: how many rows it should have, or have at least; None = nobody knows.
        subset: it is declared a part of its release.
        url: where it was fetched from, if it was.
        fault: why it cannot be read, where that is known before it is.
        notes: what the receipt says of it beside its counts.
        most_rows: how many rows it should have at most.
    """

    source: str
    part: str
    path: Path
    name: str
    release: str
    sha256: str
    size_bytes: int
    expected_rows: int | None
    subset: bool
    url: str | None = None
    fault: SourceError | None = None
    notes: tuple[str, ...] = ()
    most_rows: int | None = None


@dataclass(frozen=True)
class Inputs:
    """All files of one source, and what was not found or not taken.

    Args:
        files: what will be read, in the order of the source's declaration.
        missing: optional parts for which there is no file.
        superseded: files that match but of which a newer release is read.
        failure: why the source cannot be read at all, where that is known.
    """

    source: Source
    files: tuple[FoundFile, ...]
    missing: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    failure: SourceError | None = None


class Folder:
    """The downloads that a build is given: a folder, or several folders and files.

    Args:
        given: the folders, with everything below them, and the files.
        subset: every file without a pin is taken as a declared part of its release.

    Attributes:
        root: the folder that names are relative to: the folder given, or the one that holds all that is given.
        paths: the files, each once.
        used: those that a source has taken.
        declared_rows: how many rows each file has, as the manifests of the folders say.

    Raises:
        SourceError: something given is not there, or a manifest cannot be read.
    """

    def __init__(self, given: Path | Sequence[Path], subset: bool = False) -> None:
        roots = [_located(path.expanduser()) for path in ([given] if isinstance(given, Path) else given)]
        for root in roots:
            if not root.exists():
                raise SourceError(f"{root} does not exist.", "Give --raw the folder or the files of the downloads.")
        folders = [root for root in roots if root.is_dir()]
        self.root = Path(os.path.commonpath([root if root.is_dir() else root.parent for root in roots]))
        self.subset = subset
        self.paths = sorted({path for root in roots for path in ([root] if root.is_file() else _files_below(root))})
        self.used: set[Path] = set()
        self.declared_rows = {name: count for folder in folders for name, count in self._manifest(folder).items()}
        self._given_files = [root for root in roots if root.is_file()]

    @property
    def unused(self) -> list[str]:
        """The files that no source took, by their names; the description of a file belongs to that file."""
        described = {description_path(path) for path in self.used}
        taken = self.used | described
        return [self.name(path) for path in self.paths if path not in taken and path.name != SUBSET_MANIFEST]

    def name(self, path: Path) -> str:
        """The path of a file below the root, with `/` on every system."""
        return path.relative_to(self.root).as_posix()

    def verify_given(self) -> None:
        """Verify, when all sources have taken theirs, that every file that was given by itself was taken.

        Raises:
            SourceError: one was not.
        """
        for path in self._given_files:
            if path not in self.used:
                raise SourceError(
                    f"{path} is not a file of any source that is built.",
                    "Files are known by their publishers' names: `targetgraph sources` lists them.",
                )

    def _manifest(self, folder: Path) -> dict[str, int]:
        path = folder / SUBSET_MANIFEST
        if not path.exists():
            return {}
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
            return {self.name(folder / name): int(count) for name, count in rows.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SourceError(
                f"{path}: the manifest cannot be read: {error}",
                'It should look like {"rows": {"reactome/ReactomePathways.txt": 120}}.',
            ) from error


def find(source: Source, folder: Folder, release: str | None = None) -> Inputs:
    """Find the files of a source below a folder.

    Args:
        source: the source.
        folder: where to look.
        release: take this release of every file instead of the newest.

    Raises:
        SourceError: a required file is not there.
    """
    files: list[FoundFile] = []
    missing: list[str] = []
    superseded: list[str] = []
    for part in source.files:
        candidates = [_describe(source, part, path, folder) for path in _matching(part, folder)]
        taken, older = _choose(part, candidates, release)
        if not taken and part.required and _any_match(source, folder):
            raise _required(source, part, folder, candidates, release)
        missing += [] if taken else [part.part]
        files += taken
        superseded += [file.name for file in older]
    if files:
        verify_choices(source, {file.part for file in files})
    return Inputs(source, tuple(files), tuple(missing), tuple(superseded))


def verify_choices(source: Source, found: Collection[str]) -> None:
    """Verify that of the files that can stand for each other (`SourceFile.one_of`) at least one is there.

    Raises:
        SourceError: none is; the message lists the names that are looked for.
    """
    for need in dict.fromkeys(part.one_of for part in source.files if part.one_of is not None):
        choices = [part for part in source.files if part.one_of == need]
        if not any(part.part in found for part in choices):
            looked_for = ", ".join(pattern for part in choices for pattern in part.patterns)
            address = next((part.remote.url for part in choices if part.remote is not None), source.homepage)
            raise SourceError(
                f"{source.name}: there is no {need}; one of these files is needed: {looked_for}",
                f"It is published at {address}",
            )


def _located(path: Path) -> Path:
    """The absolute path of a folder or a file; a link to a file keeps its name, by which the file is known."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _files_below(root: Path) -> Iterator[Path]:
    """Every plain file below a folder; links that lead out of it are not followed.

    A link of git-annex to data that are not here counts as a file, for it to be named.
    """
    for parent, _folders, names in os.walk(root, followlinks=False):
        for name in names:
            path = Path(parent) / name
            if (path.is_file() or is_annexed(path)) and not name.startswith("."):
                yield path


def _matching(part: SourceFile, folder: Folder) -> list[Path]:
    found = [path for path in folder.paths if _is(part, path)]
    folder.used.update(found)
    return found


def _any_match(source: Source, folder: Folder) -> bool:
    return any(_is(part, path) for part in source.files for path in folder.paths)


def _is(part: SourceFile, path: Path) -> bool:
    return part.matches(path) and (part.belongs is None or part.belongs(path))


def _describe(source: Source, part: SourceFile, path: Path, folder: Folder) -> FoundFile:
    from warehouse.documents.store import checksum

    name = folder.name(path)
    # Small documents by the thousand are looked into when they are read, so that each is read once.
    documents = part.many and isinstance(part.format, BatchFormat)
    fault = None if documents else _fault(path)
    sha256 = "" if documents or fault else checksum(path)
    pin = None if fault else _pin(part, path)
    declared = folder.declared_rows.get(name)
    expected, subset = declared, True
    if declared is None:
        expected, subset = _expected(part, pin, folder.subset)
    unpinned = "unpinned" if part.many or fault else f"unpinned-{sha256[:8]}"
    release = pin.release if pin else _release_of(part, path, sha256, fault) or _release_in(name) or unpinned
    size_bytes = path.stat().st_size if path.exists() else 0
    most = part.remote.most_rows if part.remote is not None and not subset else None
    return FoundFile(
        source.name,
        part.part,
        path,
        name,
        release,
        sha256,
        size_bytes,
        expected,
        subset,
        fault=fault,
        most_rows=most,
    )


def _fault(path: Path) -> SourceError | None:
    """Why a file cannot be read, by its first bytes."""
    try:
        verify_content(path, zips=path.suffix.lower() == ".zip")
    except SourceError as error:
        return error
    return None


def _pin(part: SourceFile, path: Path) -> Pin | None:
    if not part.pins:
        return None
    try:
        content = content_sha256(path)
    except SourceError:
        # It is damaged further on: whoever reads it says so.
        return None
    return next((pin for pin in part.pins if pin.content_sha256 == content), None)


def _release_of(part: SourceFile, path: Path, sha256: str, fault: SourceError | None) -> str | None:
    """The release that is published, where a file has just its bytes."""
    remote = part.remote
    if remote is None or fault is not None:
        return None
    by_md5 = remote.md5 is not None and remote.size_bytes == path.stat().st_size and remote.md5 == _md5(path)
    return remote.release if by_md5 or (remote.sha256 or "unknown") == sha256 else None


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def verify_md5(remote: Remote, path: Path) -> None:
    """Verify a fetched file by the checksum that its publisher states, where that is an MD5.

    Raises:
        FetchError: it is another file.
    """
    if remote.md5 is not None and _md5(path) != remote.md5:
        raise FetchError(
            f"{remote.url}: wrong checksum: expected md5 {remote.md5}, got {_md5(path)}",
            "The file was replaced or damaged: compare it with what its publisher states now.",
        )


def _expected(part: SourceFile, pin: Pin | None, subset: bool) -> tuple[int | None, bool]:
    """The rows that a file should have: those of its own pin, else those of the newest whole release that is known."""
    if pin is not None:
        return pin.rows, pin.subset
    if subset or part.many:
        # One document of many is a part of the release by its nature.
        return None, True
    whole = [known for known in part.pins if not known.subset]
    if whole:
        return max(whole, key=lambda known: known.release).rows, False
    return (part.remote.least_rows if part.remote else None), False


def _release_in(name: str) -> str | None:
    """A date in a file's name, as a release.

    >>> _release_in("reactome/names_2025_01_21.txt.gz")
    '2025-01-21'
    """
    found = _DATE.search(name)
    return "-".join(found.groups()) if found else None


def _choose(
    part: SourceFile, candidates: list[FoundFile], release: str | None
) -> tuple[list[FoundFile], list[FoundFile]]:
    """The files to read and the ones that are superseded: the newest release, or the one that was asked for.

    A newer file that cannot be read is among the files, to be named, and the newest that can be read is taken.
    """
    eligible = [file for file in candidates if release is None or file.release == release]
    if part.many or not eligible:
        return eligible, [file for file in candidates if release is not None and file.release != release]
    order = sorted(eligible, key=_by_release, reverse=True)
    best = next((number for number, file in enumerate(order) if file.fault is None), 0)
    chosen = order[: best + 1]
    return chosen, [file for file in candidates if file not in chosen]


def _by_release(file: FoundFile) -> tuple[bool, str, str]:
    return not file.release.startswith("unpinned"), file.release, file.name


def _required(
    source: Source, part: SourceFile, folder: Folder, candidates: Iterable[FoundFile], release: str | None
) -> SourceError:
    releases = sorted({file.release for file in candidates})
    if releases:
        return SourceError(
            f"{source.name}: there is no release {release!r} of {part.part}; there are {', '.join(releases)}"
        )
    address = part.remote.url if part.remote else source.homepage
    return SourceError(
        f"{source.name}: the file {part.part} is missing below {folder.root}; "
        f"its name should look like {' or '.join(part.patterns)}",
        f"It is published at {address}",
    )


def remotes(source: Source) -> list[tuple[SourceFile, Remote]]:
    """The files of a source that can be fetched."""
    return [(part, part.remote) for part in source.files if part.remote is not None]
