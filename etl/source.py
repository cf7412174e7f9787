"""What a source declares: its terms, its files, its pinned snapshots, and a parse function for each file.

A source is one module in `etl/sources/` with a constant `SOURCE`; it is discovered, nothing else is edited. It says how
rows become statements and nothing about provenance: source, release, file and row come from the reader.
"""

from __future__ import annotations

import fnmatch
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import polars as pl

from etl.rows import Ledger, Options, Rows
from warehouse.errors import SourceError
from warehouse.statements import Stated

if TYPE_CHECKING:
    from etl.listings import Frozen, Listing, Modified


@dataclass(frozen=True)
class Licence:
    """The terms of a source's data.

    Args:
        name: an SPDX identifier, or the name that the source gives.
        redistributable: whether the data may be passed on.
        url: where the terms stand.
    """

    name: str
    redistributable: bool
    url: str


@dataclass(frozen=True)
class Pin:
    """A snapshot that is known: which release it is and how many rows it has.

    Args:
        release: the release as the source calls it, or its date; sorts as text.
        content_sha256: the checksum of the content, after decompression, so that `.gz`, `.zip` and plain are one.
        rows: the rows that the file has.
        subset: the file is a declared part of the release.
    """

    release: str
    content_sha256: str
    rows: int
    subset: bool = False


@dataclass(frozen=True)
class Remote:
    """Where the pinned release of a file is published.

    Args:
        url: the public address.
        release: the release that stands there.
        sha256: the checksum of the bytes as they are served; None = remembered from the first download.
        size_bytes: the size as served, where it is known.
        md5: the publisher's own checksum, where it states no other.
        rows: about how many rows the file has, or at least and at most where the address serves what is newest; the
            build is held to it.
        second_hand: checksum and size were taken from others who fetched the file: to be verified at the first fetch.
        anew: the address gives another release than before: what it gave then does not bind it.
    """

    url: str
    release: str
    sha256: str | None = None
    size_bytes: int | None = None
    md5: str | None = None
    rows: int | tuple[int, int] | None = None
    second_hand: bool = False
    anew: bool = False

    @property
    def least_rows(self) -> int | None:
        """How many rows the file has at least, or about."""
        return self.rows[0] if isinstance(self.rows, tuple) else self.rows

    @property
    def most_rows(self) -> int | None:
        """How many rows the file has at most, where that is known."""
        return self.rows[1] if isinstance(self.rows, tuple) else None


class Format(Protocol):
    """How the bytes of a file become rows; the formats are in `etl.formats`."""

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the rows of a file in batches of bounded size; bad rows go to the ledger."""


@runtime_checkable
class BatchFormat(Protocol):
    """A format of small documents, of which many are parsed and checked together.

    What is so read may come in any order and from any process: a parse function of it must not compare the rows of one
    file with those of another.
    """

    def read_many(self, files: Sequence[tuple[Path, Ledger]]) -> pl.DataFrame:
        """The rows of all files: `FILE` (an index of `files`), `ROW`; bad rows go to the ledger of their file."""


@dataclass(frozen=True)
class DocumentOf:
    """That the files of a part are documents, kept by their bytes and not only by what they state.

    Args:
        entity: the type of the entities whose documents they are (`Structure`): those of this type that a file states;
            None = of no entity.
        media_type: what they hold, unpacked; None = as the endings of their names say.
    """

    entity: str | None = None
    media_type: str | None = None


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    Args:
        part: its name within the source, shown in receipts.
        patterns: what its path may look like, from the right, without `.gz`, `.zip`, `.xz` (`dgidb/drugs.tsv`).
        format: how it is read.
        parse: how a batch of rows becomes statements.
        remote: where its pinned release is published.
        required: a build without it fails; an optional one is named in the receipt.
        one_of: what it is a way to give ("gene table"); a build fails if none of the files that share it is there.
        many: every file that matches is read, not the newest alone.
        rank: its priority within the source; among parts of one rank, the newer release is shown.
        pins: the snapshots that are known.
        document: that its files are documents, such as images, and of what.
        belongs: says whether a file whose path matches is this one, where its name alone cannot tell.
        licence: the terms of its data where they are not those of the source; or what tells them from where a file
            lies (a study that says its own), None = those of the source.
    """

    part: str
    patterns: tuple[str, ...]
    format: Format
    parse: Callable[[Rows], Iterable[Stated]]
    remote: Remote | None = None
    required: bool = True
    one_of: str | None = None
    many: bool = False
    rank: int = 0
    pins: tuple[Pin, ...] = ()
    document: DocumentOf | None = None
    belongs: Callable[[Path], bool] | None = None
    licence: Licence | Callable[[Path], Licence | None] | None = None

    def licence_of(self, path: Path) -> Licence | None:
        """The terms of a file where they are not those of the source."""
        return self.licence(path) if callable(self.licence) else self.licence

    def matches(self, path: PurePath) -> bool:
        """Whether a file may be this one, by its path.

        >>> part = SourceFile("drugs", ("dgidb/drugs.tsv",), None, None)
        >>> part.matches(PurePath("downloads/dgidb/drugs.tsv.gz"))
        True
        """
        # The name alone settles nearly every case, at a fraction of the cost.
        if not self._names.fullmatch(path.name):
            return False
        bare = path.with_suffix("") if path.suffix.lower() in {".gz", ".zip", ".xz"} else path
        return any(bare.match(pattern) or path.match(pattern) for pattern in self.patterns)

    @cached_property
    def _names(self) -> re.Pattern[str]:
        ends = (r"\Z", r"\z")
        names = [fnmatch.translate(PurePath(pattern).name) for pattern in self.patterns]
        bare = "|".join(name.removesuffix(ends[0]).removesuffix(ends[1]) for name in names)
        return re.compile(rf"(?:{bare})(?:\.(?:gz|zip|xz))?", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """A public database or a cohort.

    Args:
        name: lower snake case; its name in every command, table and node.
        title: its name as it writes itself.
        description: one or two sentences for the docs.
        homepage: where to read about it.
        licence: the terms of its data.
        rank: its priority; of two values for one property the one with the smaller rank is shown.
        files: what it is made of.
        options: what a user may choose, with the default (`species`).
        is_public: others publish it; false for what only its user has, which no build is expected to find.
        listing: how to learn of its newer releases.
    """

    name: str
    title: str
    description: str
    homepage: str
    licence: Licence
    rank: int
    files: tuple[SourceFile, ...]
    options: Options = field(default_factory=Options)
    is_public: bool = True
    listing: Listing | Modified | Frozen | None = None

    def part(self, name: str) -> SourceFile:
        """The file of that name.

        Raises:
            KeyError: there is none.
        """
        return next(file for file in self.files if file.part == name)


@cache
def sources() -> dict[str, Source]:
    """Every source, by name, in the order of their names."""
    package = importlib.import_module("etl.sources")
    found: dict[str, Source] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        declared = getattr(importlib.import_module(f"etl.sources.{module.name}"), "SOURCE", None)
        if isinstance(declared, Source):
            found[declared.name] = declared
    return dict(sorted(found.items()))


def source(name: str) -> Source:
    """The source of that name.

    Raises:
        SourceError: there is none; the message lists those that exist.
    """
    known = sources()
    if name not in known:
        raise SourceError(f"There is no source {name!r}.", f"The sources are: {', '.join(known)}.")
    return known[name]
