"""The file beside every export: build, releases, licences, what was written and what was left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from warehouse import atomic
from warehouse.errors import TargetGraphError
from warehouse.export.redistributable import LeftOut
from warehouse.export.tables import Written
from warehouse.home import Build


def write_manifest(
    connection: duckdb.DuckDBPyConnection, build: Build, folder: Path, written: Written, left_out: LeftOut | None
) -> Path:
    """Write `manifest.json`.

    Raises:
        TargetGraphError: it cannot be written.
    """
    document: dict[str, Any] = {
        "build": build.id,
        "content_hash": build.receipt()["content_hash"],
        "runs": list(build.runs),
        "tables": written.counts,
        "sources": _sources(connection),
        **written.notes,
    }
    if left_out is not None:
        document |= {"redistributable": True, "left_out": left_out.as_json()}
    path = folder / "manifest.json"
    try:
        atomic.write_text(path, json.dumps(document, indent=1, ensure_ascii=False), durable=False)
    except OSError as error:
        raise TargetGraphError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _sources(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    rows = connection.execute(
        """SELECT s.source, s.title, s.licence, s.redistributable, list_sort(list(DISTINCT f.release)) AS releases
        FROM record.sources AS s JOIN record.files AS f USING (source) GROUP BY ALL ORDER BY s.source"""
    ).fetchall()
    names = ("source", "title", "licence", "redistributable", "releases")
    return [dict(zip(names, row, strict=True)) for row in rows]
