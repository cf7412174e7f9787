"""Which files a build reads: found below a folder by the patterns of the sources, or fetched at a pinned release."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from etl.formats.content import content_sha256
from etl.source import BatchFormat, Pin, Remote, Source, SourceFile
from warehouse.errors import SourceError

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
        expected_rows: how many rows it should have; None = nobody knows.
        subset: it is declared a part of its release.
        url: where it was fetched from, if it was.
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


@dataclass(frozen=True)
class Inputs:
    """All files of one source, and what was not found or not taken.

    Args:
        files: what will be read, in the order of the source's declaration.
        missing: optional parts for which there is no file.
        superseded: files that match but of which a newer release is read.
    """

    source: Source
    files: tuple[FoundFile, ...]
    missing: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()


@dataclass
class Folder:
    """A folder of downloads: its files, and what it declares of them.

    Args:
        root: the folder.
        subset: every file without a pin is taken as a declared part of its release.

    Raises:
        SourceError: it is no folder, or its manifest cannot be read.
    """

    root: Path
    subset: bool = False
    paths: list[Path] = field(init=False)
    declared_rows: Mapping[str, int] = field(init=False)
    used: set[Path] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise SourceError(f"{self.root} is no folder.", "Give --raw the folder that holds the downloads.")
        self.paths = sorted(_files_below(self.root))
        self.declared_rows = self._manifest()

    @property
    def unused(self) -> list[str]:
        """The files that no source took, by their paths below the folder."""
        ours = {self.root / SUBSET_MANIFEST}
        return [self.name(path) for path in self.paths if path not in self.used and path not in ours]

    def name(self, path: Path) -> str:
        """The path of a file below the folder, with `/` on every system."""
        return path.relative_to(self.root).as_posix()

    def _manifest(self) -> dict[str, int]:
        path = self.root / SUBSET_MANIFEST
        if not path.exists():
            return {}
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
            return {str(name): int(count) for name, count in rows.items()}
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


def _files_below(root: Path) -> Iterator[Path]:
    """Every plain file below a folder; links that lead out of it are not followed."""
    for parent, _folders, names in os.walk(root, followlinks=False):
        for name in names:
            path = Path(parent) / name
            if path.is_file() and not name.startswith("."):
                yield path


def _matching(part: SourceFile, folder: Folder) -> list[Path]:
    found = [path for path in folder.paths if _is(part, path, folder)]
    folder.used.update(found)
    return found


def _any_match(source: Source, folder: Folder) -> bool:
    return any(_is(part, path, folder) for part in source.files for path in folder.paths)


def _is(part: SourceFile, path: Path, folder: Folder) -> bool:
    return part.matches(PurePath(folder.name(path))) and (part.belongs is None or part.belongs(path))


def _describe(source: Source, part: SourceFile, path: Path, folder: Folder) -> FoundFile:
    from warehouse.documents.store import checksum

    name = folder.name(path)
    # Small documents by the thousand are summed when they are read, so that each is read once.
    sha256 = "" if part.many and isinstance(part.format, BatchFormat) else checksum(path)
    try:
        pin = _pin(part, path)
    except SourceError as error:
        error.add_note(f"In {name}, the file {part.part} of {source.name}.")
        raise
    declared = folder.declared_rows.get(name)
    expected, subset = declared, True
    if declared is None:
        expected, subset = _expected(part, pin, folder.subset)
    unpinned = "unpinned" if part.many else f"unpinned-{sha256[:8]}"
    release = pin.release if pin else _release_in(name) or unpinned
    return FoundFile(source.name, part.part, path, name, release, sha256, path.stat().st_size, expected, subset)


def _pin(part: SourceFile, path: Path) -> Pin | None:
    if not part.pins:
        return None
    content = content_sha256(path)
    return next((pin for pin in part.pins if pin.content_sha256 == content), None)


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
    return (part.remote.rows if part.remote else None), False


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
    """The files to read and the ones that are superseded: the newest release, or the one that was asked for."""
    wanted = [file for file in candidates if release is None or file.release == release]
    if part.many or not wanted:
        return wanted, [file for file in candidates if release is not None and file.release != release]
    best = max(wanted, key=lambda file: (not file.release.startswith("unpinned"), file.release, file.name))
    return [best], [file for file in candidates if file is not best]


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
