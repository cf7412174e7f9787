"""The files that a run hands back beside its tables: weights, embeddings, thumbnails.

They lie in `artefacts/<run>/` of the folder of results, each under the checksum of its bytes, and are listed in the
account of the run, which is written last: what it does not list is not there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from warehouse.atomic import flush, put
from warehouse.documents.store import READ_ONLY
from warehouse.documents.verified import Expected, open_plain, opened
from warehouse.errors import AnalysisError, BuildError
from warehouse.results import artefact_kinds
from warehouse.results.record import Artefact, RunRecord

#: A run with more than this should put them into one file.
MOST_ARTEFACTS = 10_000

_CHUNK_BYTES = 1 << 20
_NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}/){0,4}[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")

#: What a run hands over: the path of a file, or its bytes.
Given = Path | bytes | bytearray | memoryview


def artefacts_folder(results: Path, run: str) -> Path:
    """The folder of the artefacts of a run."""
    return results / "artefacts" / run


def verify_names(names: Iterable[str]) -> None:
    """Verify the names of artefacts: relative paths of letters, digits and `_.+-`, of kinds that are kept.

    Raises:
        AnalysisError: a name or a kind is refused, or two names differ in upper and lower case alone.
    """
    seen: dict[str, str] = {}
    for name in names:
        if not _NAME.fullmatch(name):
            hint = "Letters, digits and _.+- in at most five parts, none beginning with a dot: thumbnails/tile_1.png"
            raise AnalysisError(f"{name!r} cannot be the name of an artefact.", hint)
        if name.lower() in seen:
            raise AnalysisError(f"The artefacts {seen[name.lower()]} and {name} have the same name.")
        seen[name.lower()] = name
        try:
            artefact_kinds.media_type(name)
        except artefact_kinds.ContentError as error:
            raise AnalysisError(f"The artefact {name} is refused: {error}") from None
    if len(seen) > MOST_ARTEFACTS:
        raise AnalysisError(f"{len(seen):,} artefacts are more than {MOST_ARTEFACTS:,}.", "Put them into one file.")


def take(given: Mapping[str, Given], folder: Path, limit_bytes: int) -> tuple[Artefact, ...]:
    """Copy artefacts into a folder, each under its checksum, and verify what was copied.

    Args:
        given: what the run hands over, by name.
        folder: where they go; made here.
        limit_bytes: what they may have together.

    Raises:
        AnalysisError: a name, a kind or a content is refused, a file is missing, or they are too large.
        OSError: they cannot be written.
    """
    verify_names(given)
    taken: list[Artefact] = []
    for name in sorted(given):
        folder.mkdir(exist_ok=True)
        left = limit_bytes - sum(one.size_bytes for one in taken)
        taken.append(_take(name, given[name], folder, left))
    return tuple(taken)


def settle(taken: Path, results: Path, run: str) -> None:
    """Move artefacts from the folder of a publication to where the run has its own; those of before stay."""
    if not taken.is_dir():
        return
    target = artefacts_folder(results, run)
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(taken.iterdir()):
        path.chmod(READ_ONLY)
        put(path, target / path.name, durable=True)
    flush(target.parent)


def forget_others(results: Path, record: RunRecord) -> None:
    """Remove the artefacts of a run that its account does not list: an earlier publication left them."""
    listed = {one.sha256 for one in record.artefacts}
    for path in artefacts_folder(results, record.run).glob("*"):
        if path.name not in listed:
            with suppress(OSError):
                path.unlink()


def remove(results: Path, run: str) -> None:
    """Remove all artefacts of a run."""
    shutil.rmtree(artefacts_folder(results, run), ignore_errors=True)


def damaged(results: Path, record: RunRecord) -> list[str]:
    """The names of the artefacts that are missing or have another size than they had; their bytes are not read."""
    found = []
    for one in record.artefacts:
        try:
            size_bytes = (artefacts_folder(results, record.run) / one.sha256).stat().st_size
        except OSError:
            size_bytes = -1
        if size_bytes != one.size_bytes:
            found.append(one.name)
    return found


def verify_whole(results: Path, record: RunRecord) -> None:
    """Verify that all artefacts of a run are there.

    Raises:
        BuildError: some are missing or damaged; the message names them.
    """
    if names := damaged(results, record):
        raise BuildError(
            f"Artefacts of the run {record.run} are missing or damaged: {', '.join(names)}.",
            f"Put them back, or remove the run (`targetgraph retract {record.run} --delete`) and run it again.",
        )


@contextmanager
def open_artefact(results: Path, record: RunRecord, name: str) -> Iterator[BinaryIO]:
    """Open an artefact to read it; its bytes are compared with the checksum first.

    Raises:
        BuildError: the run has none of that name, or it is missing or damaged.
    """
    known = {one.name: one for one in record.artefacts}
    if name not in known:
        raise BuildError(
            f"The run {record.run} has no artefact {name!r}.", f"Its artefacts: {', '.join(known) or 'none'}."
        )
    hint = f"Put it back, or remove the run (`targetgraph retract {record.run} --delete`) and run it again."
    expected = Expected(f"The artefact {name} of {record.run}", known[name].sha256, hint, error=BuildError)
    with opened(artefacts_folder(results, record.run) / known[name].sha256, expected) as file:
        yield file


def _take(name: str, given: Given, folder: Path, left_bytes: int) -> Artefact:
    beside = folder / "incoming"
    digest = hashlib.sha256()
    size_bytes = 0
    with beside.open("wb") as copy:
        for chunk in _chunks(name, given):
            size_bytes += len(chunk)
            if size_bytes > left_bytes:
                raise AnalysisError(
                    f"The artefacts of the run are too large: {name} passes the limit.",
                    "TARGETGRAPH_ARTEFACT_MB sets what they may have together.",
                )
            digest.update(chunk)
            copy.write(chunk)
    try:
        # What was copied is verified, so that nothing can change in between.
        with beside.open("rb") as file:
            artefact_kinds.verify(name, file, size_bytes)
    except artefact_kinds.ContentError as error:
        raise AnalysisError(f"The artefact {name} is refused: {error}") from None
    beside.replace(folder / digest.hexdigest())
    return Artefact(name, artefact_kinds.media_type(name), size_bytes, digest.hexdigest())


def _chunks(name: str, given: Given) -> Iterator[bytes | memoryview]:
    if not isinstance(given, Path):
        whole = memoryview(given).cast("B")
        yield from (whole[at : at + _CHUNK_BYTES] for at in range(0, len(whole), _CHUNK_BYTES))
        return
    try:
        file = open_plain(given, follow_links=False)
    except OSError as error:
        raise AnalysisError(f"The artefact {name} cannot be read: {given}: {error.strerror}") from error
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
