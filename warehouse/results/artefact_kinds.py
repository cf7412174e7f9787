"""The kinds of files that a run may hand back: such that reading them runs nothing, whoever wrote them.

A kind is known by the ending of its name, and its content must be what the ending says. Pickles in any wrapping
(`.pkl`, `.pt`, `.joblib`, arrays of objects) run code when they are loaded, SVG and HTML may run scripts when they are
shown: they are refused.
"""

from __future__ import annotations

import ast
import codecs
import json
import math
import struct
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import IO, Any, BinaryIO

from warehouse.documents.media_types import MEDIA_TYPES
from warehouse.documents.unpacking import DAMAGED

_CHUNK_BYTES = 1 << 20
_LONGEST_HEADER = 1 << 16
_LONGEST_INDEX = 100_000_000
_LONGEST_JSON = 256_000_000
_MOST_UNPACKED_BYTES = 50_000_000_000
_MOST_PIXELS = 500_000_000
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"

#: What is raised for a header that is not one.
_UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    SyntaxError,
    MemoryError,
    RecursionError,
)

#: Endings of what runs code when it is loaded, or scripts when it is shown, with what to write instead.
REFUSED = {
    **dict.fromkeys(
        (".pkl", ".pickle", ".dill", ".joblib", ".pt", ".pth", ".ckpt", ".bin", ".sav", ".rds", ".rdata"),
        "It may run code when it is loaded: write arrays as .npz or .safetensors, tables as .parquet.",
    ),
    **dict.fromkeys(
        (".svg", ".html", ".htm", ".xhtml", ".js", ".pdf"),
        "It may hold scripts: write pictures as .png or .webp, texts as .txt.",
    ),
}


class ContentError(ValueError):
    """The content of a file is not what its name says, or may not be kept."""


def media_type(name: str) -> str:
    """The media type of an artefact, by the ending of its name.

    Raises:
        ContentError: files of this kind are not kept; the message says what to write instead.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in _CHECKS:
        instead = REFUSED.get(suffix, f"Kinds that are kept: {', '.join(sorted(_CHECKS))}.")
        raise ContentError(f"files ending in {suffix or 'nothing'} are not kept. {instead}")
    return MEDIA_TYPES[suffix]


def verify(name: str, file: BinaryIO, size_bytes: int) -> None:
    """Verify that a file is what its name says.

    Args:
        name: its name.
        file: it, opened for reading, at its beginning.
        size_bytes: its size.

    Raises:
        ContentError: it is not.
    """
    if not size_bytes:
        raise ContentError("the file is empty.")
    _CHECKS[PurePath(name).suffix.lower()](file, size_bytes)


def _npy(file: IO[bytes], size_bytes: int) -> None:
    """An array of NumPy whose values are plain numbers or texts."""
    import numpy as np

    head = file.read(8)
    if len(head) < 8 or not head.startswith(b"\x93NUMPY") or head[6] not in {1, 2, 3}:
        raise ContentError("it is not an array of NumPy.")
    width = 2 if head[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > _LONGEST_HEADER:
        raise ContentError("the header of the array is too long.")
    try:
        header = ast.literal_eval(file.read(length).decode("utf-8" if head[6] == 3 else "latin-1"))
        dtype = np.lib.format.descr_to_dtype(header["descr"])
        count = math.prod(int(extent) for extent in header["shape"])
    except _UNREADABLE as error:
        raise ContentError("the header of the array cannot be read.") from error
    if dtype.hasobject:
        raise ContentError("the array holds Python objects, which may run code when they are loaded.")
    if 8 + width + length + count * dtype.itemsize != size_bytes:
        raise ContentError("the array is cut off, or longer than its header says.")


def _npz(file: IO[bytes], _size_bytes: int) -> None:
    """Several arrays of NumPy in a zip archive."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            strange = sorted(name for name in names if not name.endswith(".npy"))
            if strange:
                raise ContentError(f"it holds what is not an array: {', '.join(strange)}.")
            if not names or len(set(names)) < len(names):
                raise ContentError("it holds no array, or two of one name.")
            if sum(member.file_size for member in members) > _MOST_UNPACKED_BYTES:
                raise ContentError(f"its arrays have more than {_MOST_UNPACKED_BYTES:,} bytes.")
            for member in members:
                with archive.open(member) as content:
                    _npy(content, member.file_size)
    except (*DAMAGED, RuntimeError, struct.error, OSError) as error:
        raise ContentError(f"it is not an archive of arrays: {error}") from error


def _safetensors(file: IO[bytes], size_bytes: int) -> None:
    """Tensors: the length of a JSON header, the header, the bytes of the tensors without a gap."""
    head = file.read(8)
    length = struct.unpack("<Q", head)[0] if len(head) == 8 else size_bytes
    if length > min(_LONGEST_INDEX, size_bytes - 8):
        raise ContentError("it is not a file of tensors.")
    try:
        header = json.loads(file.read(length).decode("utf-8"))
        given = [one["data_offsets"] for name, one in header.items() if name != "__metadata__"]
        spans = sorted((int(start), int(end)) for start, end in given)
    except _UNREADABLE as error:
        raise ContentError("the header of the tensors cannot be read.") from error
    at = 0
    for start, end in spans:
        if start != at or end < start:
            raise ContentError("the tensors overlap or have a gap.")
        at = end
    if at != size_bytes - 8 - length:
        raise ContentError("the tensors are cut off, or longer than their header says.")


def _parquet(file: IO[bytes], _size_bytes: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_metadata(file)
    except (pa.ArrowException, OSError) as error:
        raise ContentError("it is not a Parquet file, or it is cut off.") from error


def _text(file: IO[bytes], _size_bytes: int) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK_BYTES):
            if "\0" in decoder.decode(chunk):
                raise ContentError("it holds bytes that are not text.")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise ContentError("it is not text in UTF-8.") from error


def _json(file: IO[bytes], size_bytes: int) -> None:
    if size_bytes > _LONGEST_JSON:
        raise ContentError(f"JSON of more than {_LONGEST_JSON:,} bytes is not kept; write tables as .parquet.")
    try:
        json.loads(file.read().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ContentError(f"it is not JSON in UTF-8: {error}") from error


def _png(file: IO[bytes], size_bytes: int) -> None:
    head = file.read(24)
    if len(head) < 24 or not head.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"):
        raise ContentError("it is not a PNG picture.")
    wide, high = struct.unpack(">II", head[16:24])
    if wide * high > _MOST_PIXELS:
        raise ContentError(f"the picture has {wide:,} x {high:,} pixels, more than {_MOST_PIXELS:,}.")
    _ends_with(file, size_bytes, _PNG_END)


def _jpeg(file: IO[bytes], size_bytes: int) -> None:
    if file.read(3) != b"\xff\xd8\xff":
        raise ContentError("it is not a JPEG picture.")
    _ends_with(file, size_bytes, b"\xff\xd9")


def _webp(file: IO[bytes], size_bytes: int) -> None:
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise ContentError("it is not a WebP picture.")
    if int.from_bytes(head[4:8], "little") + 8 != size_bytes:
        raise ContentError("the picture is cut off, or something follows it.")


def _ends_with(file: IO[bytes], size_bytes: int, end: bytes) -> None:
    file.seek(max(size_bytes - len(end), 0))
    if file.read() != end:
        raise ContentError("the picture is cut off, or something follows it.")


_CHECKS: dict[str, Callable[[Any, int], None]] = {
    ".csv": _text,
    ".jpeg": _jpeg,
    ".jpg": _jpeg,
    ".json": _json,
    ".npy": _npy,
    ".npz": _npz,
    ".parquet": _parquet,
    ".png": _png,
    ".safetensors": _safetensors,
    ".tsv": _text,
    ".txt": _text,
    ".webp": _webp,
}
