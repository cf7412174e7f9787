"""Text files, plain or packed: read whole with a clear error, written so that they appear when they are complete."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from warehouse import atomic
from warehouse.errors import AnalysisError

#: The first bytes of files that are not text, with what they are.
_NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file whose name does not end in .parquet",
    b"%PDF": "a PDF",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
}


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, or a UTF-16 file with its mark; gzip is unpacked, a byte order mark dropped.

    Raises:
        AnalysisError: the file is not there, not text, or truncated.
    """
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        for beginning, what in _NOT_TEXT.items():
            if content.startswith(beginning):
                raise AnalysisError(f"{path} is {what}, not text.", "Save it as CSV (UTF-8) or tab-separated text.")
        # Excel's "Unicode Text" is UTF-16.
        return content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise AnalysisError(
            f"{path}, line {line}: not UTF-8 text.", "Is it the right file? Save it as UTF-8."
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise AnalysisError(f"{path} is truncated or damaged.", "Fetch or write it again.") from error
    except OSError as error:
        raise AnalysisError(f"{path} cannot be read: {error.strerror}.") from error


def write_text(path: Path, text: str) -> None:
    """Write a file; an older one stays until the new one is complete.

    Raises:
        AnalysisError: the file cannot be written.
    """
    try:
        atomic.write_text(path, text, durable=False)
    except OSError as error:
        raise AnalysisError(f"{path} cannot be written: {error.strerror}.") from error
