"""Text files, plain or packed: read whole with a clear error, written so that they appear when they are complete."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from warehouse.errors import AnalysisError


def read_text(path: Path) -> str:
    """The text of a UTF-8 file; `.gz` is unpacked, a byte order mark dropped.

    Raises:
        AnalysisError: the file is not there, not text or not packed as its name says.
    """
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise AnalysisError(f"{path}, line {line}: not UTF-8 text.", "Is it the right file?") from error
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AnalysisError(f"{path} cannot be read: {reason}.") from error


def write_text(path: Path, text: str) -> None:
    """Write a file beside and rename it, so that an older one stays until the new one is complete.

    Raises:
        AnalysisError: the file cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_text(text, encoding="utf-8", newline="\n")
        aside.replace(path)
    except OSError as error:
        raise AnalysisError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        aside.unlink(missing_ok=True)
