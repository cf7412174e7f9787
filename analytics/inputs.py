"""A user's own files and folders, given to an analysis by an option of type `Path`: known by their checksums.

Nothing is held in memory and nothing is copied. The checksum of a folder is that of the lines that `sha256sum` writes
for its files, sorted by name: `find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from warehouse.documents.media_types import bare_name
from warehouse.documents.store import checksum
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress
from warehouse.settings import Settings

#: A folder with more files than this was hardly meant.
MOST_FILES = 1_000_000


def described(path: Path, progress: Progress = SILENT) -> dict[str, Any]:
    """What a run records of a file (`file`, `sha256`) or a folder (`folder`, `files`, `sha256`).

    Args:
        path: the file or folder.
        progress: told the bytes that are read.

    Raises:
        AnalysisError: it cannot be read, is larger than the settings allow, or holds what cannot be known by its
            content: a link that leads out of it, a pipe, a name that is not text.
    """
    sizes = _sizes(path)
    try:
        if not path.is_dir():
            return {"file": path.name, "sha256": checksum(path, progress)}
        return {"folder": path.resolve().name, "files": len(sizes), "sha256": _folder_checksum(path, sizes, progress)}
    except OSError as error:
        raise _unreadable(Path(error.filename or path), error) from error


def identity(value: Any) -> Any:
    """A parameter as it fixes a result: a file or folder by its content and how it is read, not by where it lies."""
    if isinstance(value, Mapping) and "sha256" in value:
        name = str(value.get("file", ""))
        bare = bare_name(name)
        return {"ending": (PurePath(bare).suffix + name[len(bare) :]).lower(), "sha256": value["sha256"]}
    if isinstance(value, Mapping):
        return {name: identity(one) for name, one in value.items()}
    return [identity(one) for one in value] if isinstance(value, list) else value


def stamp(path: Path) -> tuple[object, ...]:
    """What changes when a file, or a file of a folder, is written: found without reading it.

    Raises:
        AnalysisError: as `described`.
    """
    names = sorted(_sizes(path)) if path.is_dir() else [""]
    try:
        known = [(name, (path / name).stat()) for name in names]
    except OSError as error:
        raise _unreadable(Path(error.filename or path), error) from error
    return tuple((name, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for name, one in known)


def _folder_checksum(folder: Path, sizes: Mapping[str, int], progress: Progress) -> str:
    digest = hashlib.sha256()
    with progress.task(f"checksum {folder.name}", total=sum(sizes.values()), unit="bytes") as task:
        for name in sorted(sizes):
            digest.update(f"{checksum(folder / name)}  {name}\n".encode())
            task.advance(sizes[name])
    return digest.hexdigest()


def _sizes(path: Path) -> dict[str, int]:
    """The size of each file by its path below the folder; of a file alone, its own under its name."""
    limit = Settings().input_gb * 10**9
    sizes: dict[str, int] = {}
    total = 0
    for name, size in _files(path):
        sizes[name] = size
        total += size
        if total > limit or len(sizes) > MOST_FILES:
            most = f"{limit // 10**9:,} GB" if total > limit else f"{MOST_FILES:,} files"
            raise AnalysisError(f"{path} has more than {most}.", "TARGETGRAPH_INPUT_GB sets the largest size.")
    if not sizes:
        raise AnalysisError(f"{path} holds no file.")
    return sizes


def _files(path: Path) -> Iterator[tuple[str, int]]:
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            yield path.name, path.stat().st_size
        elif stat.S_ISDIR(mode):
            yield from _files_below(path)
        else:
            raise AnalysisError(f"{path} is neither a file nor a folder.")
    except OSError as error:
        raise _unreadable(Path(error.filename or path), error) from error


def _files_below(root: Path) -> Iterator[tuple[str, int]]:
    """Every file below a folder with its size, also one whose name begins with a dot."""
    folders = [root]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                _verify_entry(entry, root)
                if entry.is_dir():
                    folders.append(Path(entry.path))
                else:
                    yield Path(entry.path).relative_to(root).as_posix(), entry.stat().st_size


def _verify_entry(entry: os.DirEntry[str], root: Path) -> None:
    hint = "Take it out of the folder, or put the file itself there."
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in entry.name):
        raise AnalysisError(f"{entry.path!r}: the name holds what is not text, such as a line break.", "Rename it.")
    if entry.is_symlink():
        target = Path(entry.path).resolve()
        if not target.is_relative_to(root.resolve()) or not target.is_file():
            raise AnalysisError(f"{entry.path} is a link that leads out of the folder, or to no file.", hint)
    elif not entry.is_dir() and not entry.is_file():
        raise AnalysisError(f"{entry.path} is neither a file nor a folder.", hint)


def _unreadable(path: Path, error: OSError) -> AnalysisError:
    return AnalysisError(f"{path} cannot be read: {error.strerror or error}")
