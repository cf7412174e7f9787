"""Writing the files of the sample: packed as their publishers pack them, the same bytes every time."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from etl.locate import SUBSET_MANIFEST

#: The only date that a zip archive may carry if its bytes are to be the same tomorrow.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


#: The release that the sample's files claim, unless they are made older on purpose.
RELEASE = "2026-07-07"


class Output:
    """The folder that the sample is written to; remembers how many rows each file has, and how many bad ones.

    Args:
        folder: where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, int] = {}
        self.quarantined: dict[str, int] = {}
        self.bad_values: dict[str, int] = {}

    def write(
        self, name: str, content: str | bytes, rows: int, *, bad: int = 0, bad_values: int = 0, release: str = RELEASE
    ) -> None:
        """Write a file.

        Args:
            name: its path below the folder of its release; `.gz` and `.zip` are packed.
            content: what it holds, before packing.
            rows: how many rows a reader will count in it.
            bad: how many of them are made to be set aside.
            bad_values: how many values of the other rows are.
            release: a date.
        """
        name = f"{release}/{name}"
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(_packed(data, path.name))
        self._rows[name] = rows
        if bad:
            self.quarantined[name] = bad
        if bad_values:
            self.bad_values[name] = bad_values

    def table(
        self,
        name: str,
        lines: Iterable[Sequence[object]],
        *,
        header: Sequence[str] = (),
        separator: str = "\t",
        preamble: str = "",
        bad: int = 0,
        release: str = RELEASE,
    ) -> None:
        """Write a table of text; None is an empty field.

        Args:
            name: its path below the folder of its release.
            lines: the fields of each row.
            header: the names of the columns, if the format has a line for them.
            separator: the character between fields.
            preamble: lines before the header.
            bad: how many rows are made to be set aside.
            release: a date.
        """
        body = [separator.join("" if field is None else str(field) for field in line) for line in lines]
        top = [separator.join(header)] if header else []
        self.write(name, preamble + "\n".join([*top, *body]) + "\n", len(body), bad=bad, release=release)

    def write_manifest(self) -> None:
        """Declare the files as parts of their releases, each with its rows."""
        document = json.dumps({"rows": dict(sorted(self._rows.items()))}, indent=1)
        (self._folder / SUBSET_MANIFEST).write_text(document + "\n", encoding="utf-8")


def _packed(data: bytes, name: str) -> bytes:
    packed = io.BytesIO()
    if name.endswith(".gz"):
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as archive:
            archive.write(data)
        return packed.getvalue()
    if name.endswith(".zip"):
        return zipped({name.removesuffix(".zip"): data})
    return data


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip archive without dates."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, _NO_DATE), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
