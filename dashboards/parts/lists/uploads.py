"""Files that visitors upload: refused by size and type before a byte of them is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from warehouse.errors import QuestionError

_MEGABYTE = 1024 * 1024


class Upload(Protocol):
    """A file that a browser sent: what `st.file_uploader` gives."""

    name: str
    size: int

    def getvalue(self) -> bytes:
        """Its bytes."""


def checked_content(file: Upload, most_mb: int, kinds: Sequence[str]) -> bytes:
    """The bytes of an upload.

    Args:
        file: what was uploaded.
        most_mb: megabytes that it may have. A browser refuses more by itself; a program that plays one does not.
        kinds: the endings that its name may have.

    Raises:
        QuestionError: it is too large, empty, or of another kind.
    """
    # No path that a browser made up stands in a message.
    name = file.name.replace("\\", "/").rpartition("/")[2][:100]
    if file.size > most_mb * _MEGABYTE:
        size = file.size / _MEGABYTE
        raise QuestionError(
            f"{name} has {size:,.1f} MB; at most {most_mb} MB are read here.",
            "Give only the column of identifiers or the sets that you need, or use the command line.",
        )
    if name.rpartition(".")[2].lower() not in kinds:
        raise QuestionError(f"{name} is none of the kinds that are read here: {', '.join(kinds)}.")
    if not file.size:
        raise QuestionError(f"{name} is empty.")
    return file.getvalue()
