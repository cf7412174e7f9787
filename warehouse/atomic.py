"""Files that take their name when they are whole: the one way in which this product replaces a file.

A reader, or a crash, meets the old file or the new one, never half of either. The new one is written beside, in the
same folder, under a name that no other writer has.

What the warehouse keeps (pointers, accounts, lists, downloads) is `durable`: the bytes are on the disk before the name
is, and the name is on the disk before the writer goes on, so that a power failure loses nothing that was reported as
done.
What can be made again by the same command (exports, answers, checkpoints) is not: each sync of the disk takes time.

A writer that is killed leaves its unfinished file; the first write of a later process to the same folder removes those
that are older than `STALE_S`.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

#: An unfinished file that has not grown for so long belongs to a writer that was killed.
STALE_S = 86_400
#: So much of the name of a file is part of the name beside it: names have at most 255 bytes.
_NAME_CHARACTERS = 40
_UNFINISHED = re.compile(r"\..+\.\d+-[0-9a-f]{8}\.part", re.DOTALL)
_CLEARED: set[Path] = set()


@contextlib.contextmanager
def new_file(path: Path, *, durable: bool) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` when the block ends, and is removed when the block fails.

    Args:
        path: the file to make or replace; its folder exists.
        durable: whether it is to outlive a power failure (see above).

    Raises:
        OSError: the file cannot be written.
    """
    _clear(path.parent)
    unfinished = path.with_name(f".{path.name[:_NAME_CHARACTERS]}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        yield unfinished
        put(unfinished, path, durable=durable)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, durable: bool) -> None:
    """Replace a text file, UTF-8 with the line ends that the text has; see `new_file`."""
    write_bytes(path, text.encode(), durable=durable)


def write_bytes(path: Path, content: bytes, *, durable: bool) -> None:
    """Replace a file; see `new_file`."""
    with new_file(path, durable=durable) as unfinished:
        unfinished.write_bytes(content)


def put(source: Path, path: Path, *, durable: bool) -> None:
    """Move a finished file of the same file system to its place, over what is there.

    Raises:
        OSError: it cannot be moved; `errno.EXDEV` from another file system.
    """
    if durable:
        flush(source)
    source.replace(path)
    if durable:
        flush(path.parent)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    Raises:
        OSError: the disk did not take the file. Some file systems know no sync of a folder, and need none.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
            os.fsync(handle)
    finally:
        os.close(handle)


def _clear(folder: Path) -> None:
    """Remove what killed writers left in a folder; once for each process, since a folder may hold very many files."""
    if folder in _CLEARED:
        return
    _CLEARED.add(folder)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _UNFINISHED.fullmatch(entry.name) is not None:
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > STALE_S:
                        Path(entry.path).unlink()
